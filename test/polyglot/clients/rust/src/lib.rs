//! What build.rs made of the protos: a module for each package.
tonic::include_proto!("protos");
