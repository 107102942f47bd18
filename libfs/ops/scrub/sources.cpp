// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/sources.h"

#include <fmt/format.h>

namespace btrkit::scrub {

namespace {

/// Where there is no extent tree: everything may be used.
class NothingKnown final : public ExtentSource {
public:
    const UsedExtent* find(u64) override { return &all_; }

private:
    UsedExtent all_{.range = {0, ~u64{0}}, .kind = UsedExtent::Kind::lost, .promise = {}};
};

void report_ranges(Findings& findings, const LostRanges& lost, std::string_view what) {
    for (const Range range : lost.all()) {
        findings.report(ProblemCode::not_checked, {.logical = Logical{range.start}, .length = range.length()},
                        std::string(what));
    }
}

} // namespace

Sources::Sources(const Filesystem& filesystem) : filesystem_(filesystem), log_(read_log_space(filesystem)) {
    const auto& reader = filesystem.reader();
    if (const auto root = filesystem.find_tree(btrfs::extent_tree_id)) {
        tree_extents_ = std::make_unique<TreeExtents>(reader, root->block);
    } else {
        base_ = std::make_unique<NothingKnown>();
    }
    ExtentSource& base = tree_extents_ ? static_cast<ExtentSource&>(*tree_extents_) : *base_;
    extents_ = std::make_unique<MergedExtents>(base, log_.extents);
    if (const auto root = filesystem.find_tree(btrfs::csum_tree_id)) {
        checksums_.push_back(std::make_unique<ChecksumSource>(filesystem, root->block));
        has_checksums_ = true;
    }
    for (const Promise& tree : log_.trees) {
        checksums_.push_back(std::make_unique<ChecksumSource>(filesystem, tree));
    }
}

bool Sources::is_complete() const {
    return tree_extents_ && tree_extents_->lost().all().empty() && has_checksums_ && log_.is_complete &&
           std::ranges::all_of(checksums_, [](const auto& checksums) { return checksums->lost().all().empty(); });
}

void Sources::report_lost(Findings& findings) const {
    if (tree_extents_) {
        report_ranges(
            findings, tree_extents_->lost(),
            "what is used there is not known, for blocks of the extent tree are lost; data with checksums was "
            "verified");
    } else {
        findings.report(ProblemCode::not_checked, {},
                        "there is no extent tree: tree blocks, and data without checksums");
    }
    if (!has_checksums_) {
        findings.report(ProblemCode::not_checked, {}, "there is no checksum tree: copies of data were only compared");
    }
    for (const auto& checksums : checksums_) {
        report_ranges(findings, checksums->lost(),
                      "checksums of data there are lost with blocks of the checksum tree: copies were only compared");
    }
    if (!log_.is_complete) {
        findings.report(ProblemCode::not_checked, {}, "parts of the log");
    }
}

} // namespace btrkit::scrub
