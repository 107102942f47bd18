// SPDX-License-Identifier: MIT
// The tests of find(1), in its spelling; all that are given must hold.
#pragma once

#include "libfs/base/error.h"
#include "libfs/survey/names/name_walk.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace btrkit::apps {

/// What a test looks at.
struct Tested {
    std::string_view path;
    std::string_view name;
    const survey::WalkedName& walked;
};

/// Of what is lost, those that need the inode do not hold.
using Test = std::function<bool(const Tested&)>;

struct TestKind {
    std::string_view name; ///< "name": written -name
    const char* value;     ///< what stands behind it in --help
    const char* help;
    bool needs_inode;
    /// Fails with usage. now: seconds since 1970.
    Result<Test> (*parse)(const std::string& value, std::int64_t now);
};

/// All of them, in the order of --help.
std::span<const TestKind> test_kinds();

} // namespace btrkit::apps
