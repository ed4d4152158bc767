#!/bin/sh -e
# The protos are in proto/; buf runs the two plugins that go.mod names as tools.
buf generate
go build -o bin/ ./cmd/...
