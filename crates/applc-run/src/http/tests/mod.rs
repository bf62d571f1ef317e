//! Tests of the service with an engine in memory.
