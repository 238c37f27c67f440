#pragma once
// Somebody who installs the operator as our pages say: with our image, from a copy of deploy/, at a shell.

#include "cluster/cluster.hpp"

#include <gtest/gtest.h>

#include <string>

namespace vedette::cluster {

/// Packs the program under test with tools/image and brings it to the node, without a registry. Does so once. What pods
/// may ask for: vedette.test/operator with the tag 1, or with the version that install.yaml and the chart name.
void import_operator_image();

/// A folder like the source tree's, in which the reader has written the image's name into install.yaml. Imports the
/// image first.
///
/// Lifetime: the folder goes with the cluster.
class Reader {
public:
    Reader();

    std::string const& folder() const { return folder_; }
    /// A file of that folder.
    std::string file(std::string_view name) const;
    void write(std::string_view name, std::string const& content) const;

    /// Runs every block of shell that a page of docs/ has under a heading, as it stands there but for the image's
    /// repository, in that folder; stops, and fails the test, where a command fails. What they printed.
    std::string follow(std::string_view page, std::string_view heading) const;
    /// Runs a shell command in that folder; fails the test when it fails. What it printed.
    std::string run(std::string const& command) const;

private:
    std::string folder_;
};

/// A suite whose tests are steps: each goes on from where the one before has left off. Once one has failed, which tells
/// what the operator's pods have to say, the others are skipped.
class StepByStep : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

private:
    static inline std::string broken_;  ///< the suite with the failed step
};

/// Takes away what an earlier suite has left of the operator: the resource with every HealthCheck, the Lease, the level
/// of Pod Security in `health`.
void start_afresh();

}  // namespace vedette::cluster
