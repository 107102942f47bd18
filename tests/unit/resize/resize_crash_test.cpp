// SPDX-License-Identifier: MIT
// Everything moved, interrupted: by the power, at any moment; by a device that fails a request. Whatever it is, the old
// filesystem stands or the new one, and undo brings the old one back.
#include "tests/unit/ops/interrupted_change.h"
#include "tests/unit/resize/cleared_front.h"

#include <doctest/doctest.h>

namespace resize_crash_test {

using namespace btrkit;
using namespace btrkit::test;

TEST_CASE("resize: whenever the power goes, the filesystem is the old one or the new one") {
    cut_power_of(clear_front);
}

TEST_CASE("resize: whatever request fails, the filesystem is the old one or the new one") {
    fail_requests_of(clear_front);
}

TEST_CASE("resize: undone, the filesystem is what it was") {
    undo_again(clear_front);
}

} // namespace resize_crash_test
