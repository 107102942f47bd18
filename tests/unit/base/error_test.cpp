// SPDX-License-Identifier: MIT
#include "libfs/base/error.h"

#include <doctest/doctest.h>

namespace error_test {

using namespace btrkit;

TEST_CASE("errors: a bug says that it is one, and what to do") {
    const Result<int> failed = fail_as_bug("3 is not 4");
    CHECK(failed.error().kind == ErrorKind::bug);
    CHECK(failed.error().message == "internal error: 3 is not 4; please report this");
}

} // namespace error_test
