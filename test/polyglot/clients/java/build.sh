#!/bin/sh -e
# The protos are in proto/; the plugin in pom.xml compiles them.
mvn --batch-mode --quiet package
