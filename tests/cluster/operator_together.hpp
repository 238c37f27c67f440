#pragma once
// The suites whose HealthChecks live beside each other under one operator, which nobody stops. They all begin together,
// whichever suite comes first: much of what they wait for is time, not work.

namespace vedette::cluster {

class Operator;

/// The operator of these suites. The first call starts it and begins all of them.
Operator& common_operator();
/// Ends it, if it was started. Every suite with an operator of its own calls this first.
void end_common_operator();

/// What each suite begins with: namespaces, servers, HealthChecks. Defined beside its tests.
void begin_examples();
void begin_life();
void begin_bad_input();

/// The folder of the operator's `--source-dir`.
char const* source_folder();

}  // namespace vedette::cluster
