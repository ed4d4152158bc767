// Stands in for a command whose name is settled and whose work is still to come.
console.error(`npm run ${process.argv[2]}: not built yet`);
process.exitCode = 1;
