#!/bin/sh -e
# The protos are in proto/; build.rs compiles them.
cargo build --quiet
