#!/bin/sh -e
# The protos are in proto/; cmake runs protoc over them.
cmake -S . -B build -DCMAKE_BUILD_TYPE=Debug
cmake --build build
