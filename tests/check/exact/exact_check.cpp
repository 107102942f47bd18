// SPDX-License-Identifier: MIT
#include "tests/check/exact/exact_check.h"

#include "tests/check/exact/exact_parts.h"

#include <fmt/format.h>

namespace btrkit::test {

namespace {

using Code = ProblemCode;

/// Where the fast checker's finding is about an inode, the plain one names it too.
constexpr std::array of_inodes = std::to_array<Code>(
    {Code::inode_missing, Code::inode_links, Code::inode_bytes, Code::inode_size, Code::inode_hole, Code::inode_inline,
     Code::inode_flags, Code::orphan_missing, Code::orphan_unfounded, Code::dir_item_missing, Code::dir_index_missing,
     Code::dir_index_differs, Code::inode_ref_missing, Code::dir_entry_type, Code::dir_name_twice, Code::root_dir,
     Code::data_csum_missing, Code::csum_unexpected, Code::verity_items});
constexpr std::array of_extents =
    std::to_array<Code>({Code::extent_missing, Code::extent_unreferenced, Code::extent_ref_missing,
                         Code::extent_ref_unfounded, Code::extent_ref_count, Code::extent_differs, Code::extent_owner});

bool is_one_of(std::span<const Code> codes, Code code) {
    return std::ranges::find(codes, code) != codes.end();
}

} // namespace

bool is_told_exactly(ProblemCode code) {
    return is_one_of(of_inodes, code) || is_one_of(of_extents, code);
}

ExactFinding comparable(const Problem& problem) {
    const auto& place = problem.place;
    if (is_one_of(of_inodes, problem.code)) {
        return {problem.code, place.inode.value_or(0)};
    }
    const bool has_no_subject = problem.code == Code::extent_ref_count || problem.code == Code::extent_ref_unfounded ||
                                place.inode || place.length || !place.logical;
    return {problem.code, has_no_subject ? 0 : place.logical->bytenr};
}

ExactFindings exact_check(const Filesystem& filesystem) {
    ExactFindings findings;
    const ExactImage image(filesystem);
    check_extents_exactly(image, findings);
    check_files_exactly(image, findings);
    return findings;
}

std::string to_text(const ExactFindings& findings) {
    std::string text;
    for (const auto& finding : findings) {
        text += fmt::format("{} {}\n", problem_info(finding.code).id, finding.subject);
    }
    return text;
}

} // namespace btrkit::test
