// SPDX-License-Identifier: MIT
// Sums of references, and the list of findings.
#include "libfs/survey/findings.h"
#include "libfs/survey/scan/references.h"

#include <doctest/doctest.h>

namespace sums_test {

using namespace btrkit;
using namespace btrkit::survey;

TEST_CASE("references cancel out in any order, and only if all are the same") {
    const std::vector<Reference> all = {
        {.kind = Reference::Kind::data, .bytenr = 4096, .length_bytes = 8192, .owner = 5, .inode = 257, .offset = 0},
        {.kind = Reference::Kind::shared_data, .bytenr = 4096, .length_bytes = 8192, .owner = 65536},
        {.kind = Reference::Kind::tree_block, .bytenr = 16384, .length_bytes = 4096, .owner = 5}};
    ReferenceSums sums(7);
    for (const auto& reference : all) {
        sums.hold(reference, nullptr, 0);
        sums.hold(reference, nullptr, 0);
    }
    CHECK(sums.unbalanced().size() == 2);
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
        sums.record(*it, 2);
    }
    CHECK(sums.unbalanced().empty());
    Reference other = all[0];
    other.offset = 4096;
    sums.hold(all[0], nullptr, 0);
    sums.record(other, 1);
    CHECK(sums.unbalanced() == std::vector{ReferenceSums::bucket_of(4096)});
}

TEST_CASE("findings are kept once and never without bound") {
    Findings findings;
    for (u64 i = 0; i < 2 * Findings::kept_of_each_code; ++i) {
        const Problem problem{.code = ProblemCode::inode_bytes, .place = {.inode = i}, .detail = {}};
        findings.add(problem);
        findings.add(problem);
    }
    CHECK(findings.all().size() == Findings::kept_of_each_code);
    CHECK(findings.any(ProblemCode::inode_bytes));
    CHECK_FALSE(findings.any(ProblemCode::inode_links));
    CHECK(findings.count(Severity::error) == findings.count(ProblemCode::inode_bytes));
}

TEST_CASE("what could be done about a finding is kept with it") {
    Findings findings;
    findings.add({.code = ProblemCode::data_parity, .place = {}, .detail = {}},
                 Mend{.state = Mend::State::mended, .from = "parity"});
    findings.add({.code = ProblemCode::data_copies_differ, .place = {}, .detail = {}});
    REQUIRE(findings.all().size() == 2);
    REQUIRE(findings.all()[0].mend);
    CHECK(findings.all()[0].mend->state == Mend::State::mended);
    CHECK(findings.all()[0].mend->from == "parity");
    CHECK_FALSE(findings.all()[1].mend);
}

} // namespace sums_test
