// SPDX-License-Identifier: MIT
#include "libfs/ops/scrub/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/survey/scan/block_scan.h"
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::scrub {

using namespace survey;

namespace {

struct Found final : LeafResult {
    std::vector<Range> ranges;
};

class WrittenSearch final : public ScanHandler {
public:
    explicit WrittenSearch(const RangeSet& asked) : asked_(asked) {}

    std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems&) override {
        auto found = std::make_unique<Found>();
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            if (leaf.block.key(slot).type != btrfs::item_type::extent_data) {
                continue;
            }
            const auto extent = stored_extent(leaf.block.item_data(slot));
            const Range bytes = extent && extent->is_written() ? extent->needed() : Range{};
            if (bytes.length() > 0 && asked_.intersects(bytes)) {
                found->ranges.push_back(bytes);
            }
        }
        return found;
    }

    void accept(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult> result) override {
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
    WrittenSearch search(asked);
    SparseBits visited;
    auto roots = file_tree_roots(survey.roots);
    roots.push_back({.root = survey.filesystem.root_tree()}); // it holds the old free space caches
    const bool is_complete =
        scan_blocks(survey, roots, {.shares = true, .thorough = false, .visited = &visited}, search);
    return is_complete && survey.roots.complete ? search.united() : asked;
}

} // namespace btrkit::scrub
