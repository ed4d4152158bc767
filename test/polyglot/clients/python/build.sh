#!/bin/sh -e
# The protos are in proto/; the packages go to a virtual environment beside them.
test -x .venv/bin/python || python3 -m venv .venv
.venv/bin/pip install --quiet --requirement requirements.txt
.venv/bin/python -m grpc_tools.protoc -I proto --python_out=. --grpc_python_out=. $(cd proto && ls */v1/*.proto)
