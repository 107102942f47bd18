// SPDX-License-Identifier: MIT
#include "libfs/base/work_budget.h"

#include <doctest/doctest.h>

namespace work_budget_test {

using namespace btrkit;

TEST_CASE("a budget is spent to the last step, and what is too much takes the rest") {
    WorkBudget budget(10);
    CHECK(budget.spend(4));
    CHECK(budget.left() == 6);
    CHECK(budget.spend(6));
    CHECK(budget.is_over());
    CHECK(budget.spend(0));
    CHECK_FALSE(budget.spend(1));

    WorkBudget other(10);
    CHECK_FALSE(other.spend(11));
    CHECK(other.is_over());
}

} // namespace work_budget_test
