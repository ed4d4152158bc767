import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The state LISTEN in the kernel's tables of TCP sockets, and the flag that says the same of a unix socket. */
const LISTEN = '0A';
const ACCEPTS = 0x10000;

/** The sockets on which a process listens, as `tcp 127.0.0.1…` or a path. Reads /proc, so on Linux only. */
export function listeningSockets(pid: number | 'self'): string[] {
  const inodes = socketInodes(pid);
  const tcp = ['tcp', 'tcp6'].flatMap((table) =>
    rows(pid, table)
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9] ?? ''))
      .map((fields) => `${table} ${fields[1]}`),
  );
  const unix = rows(pid, 'unix')
    .filter((fields) => (Number.parseInt(fields[3] ?? '', 16) & ACCEPTS) !== 0 && inodes.has(fields[6] ?? ''))
    .map((fields) => `unix ${fields[7] ?? ''}`);
  return [...tcp, ...unix];
}

/** How many sockets of any kind a process has. */
export function openSockets(pid: number | 'self'): number {
  return socketInodes(pid).size;
}

function socketInodes(pid: number | 'self'): Set<string> {
  const folder = `/proc/${pid}/fd`;
  const inodes = readdirSync(folder).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1];
    } catch {
      return undefined; // closed since
    }
  });
  return new Set(inodes.filter((inode) => inode !== undefined));
}

function rows(pid: number | 'self', table: string): string[][] {
  const lines = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1);
  return lines.map((line) => line.trim().split(/\s+/));
}
