// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/written_ranges.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/survey/scan/block_scan.h"
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::scrub {

namespace {

struct Found final : LeafResult {
    std::vector<Range> ranges;
};

/// The bytes on disk that a file extent reads; nothing for those that read as zeros.
std::optional<Range> bytes_read(Bytes body) {
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    const auto* range = view_at<btrfs::FileExtentRange>(body, sizeof(btrfs::FileExtentHead));
    if (head == nullptr || range == nullptr || range->disk_bytenr == 0 ||
        head->type != static_cast<u8>(btrfs::FileExtentType::regular)) {
        return std::nullopt;
    }
    const u64 start = u64{range->disk_bytenr} + u64{range->offset};
    return range_from(start, range->num_bytes);
}

class Search final : public ScanHandler {
public:
    explicit Search(const RangeSet& asked) : asked_(asked) {}

    std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems&) override {
        auto found = std::make_unique<Found>();
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            if (leaf.block.key(slot).type != btrfs::item_type::extent_data) {
                continue;
            }
            const auto bytes = bytes_read(leaf.block.item_data(slot));
            if (bytes && asked_.intersects(*bytes)) {
                found->ranges.push_back(*bytes);
            }
        }
        return found;
    }

    void take(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult> result) override {
        if (step.kind != ScanStep::Kind::leaf || !step.is_first) {
            return;
        }
        for (const Range range : dynamic_cast<const Found&>(*result).ranges) {
            for (const Range asked : asked_.touching(range)) {
                found_.push_back({std::max(range.start, asked.start), std::min(range.end, asked.end)});
            }
        }
        if (found_.size() > most_found) {
            unite();
        }
    }

    RangeSet united() {
        unite();
        RangeSet set;
        for (const Range range : found_) {
            set.append(range);
        }
        return set;
    }

private:
    static constexpr std::size_t most_found = 1'000'000;

    /// Many files may read the same bytes.
    void unite() {
        std::ranges::sort(found_);
        RangeSet set;
        for (const Range range : found_) {
            set.append(range);
        }
        found_.assign(set.ranges().begin(), set.ranges().end());
    }

    const RangeSet& asked_;
    std::vector<Range> found_;
};

} // namespace

RangeSet written_ranges(Survey& survey, const RangeSet& asked) {
    Search search(asked);
    SparseBits visited;
    auto roots = file_tree_roots(survey.roots);
    roots.push_back({.root = survey.filesystem.root_tree()}); // it holds the old free space caches
    const bool is_complete =
        scan_blocks(survey, roots, {.shares = true, .thorough = false, .visited = &visited}, search);
    return is_complete && survey.roots.complete ? search.united() : asked;
}

} // namespace btrkit::scrub
