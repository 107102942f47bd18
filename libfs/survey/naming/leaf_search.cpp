// SPDX-License-Identifier: MIT
#include "libfs/survey/naming/leaf_search.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/name_items.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/survey/scan/block_scan.h"
#include "libfs/survey/scan/file_tree_roots.h"

namespace btrkit::survey {

namespace {

namespace type = btrfs::item_type;

struct Found final : LeafResult {
    std::vector<LeafHit> data;
    std::vector<LeafHit> names;
};

class Search final : public ScanHandler {
public:
    explicit Search(std::span<const Question> questions) {
        std::vector<Range> data;
        std::vector<Range> inodes;
        for (const auto& question : questions) {
            data.push_back(question.data);
            inodes.push_back(question.lost_inodes);
        }
        data_ = united(std::move(data));
        inodes_ = united(std::move(inodes));
    }

    bool is_needed() const { return !data_.empty() || !inodes_.empty(); }

    std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems&) override {
        auto found = std::make_unique<Found>();
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            const auto key = leaf.block.key(slot);
            if (key.type == type::extent_data && !data_.empty()) {
                search_extent(leaf, slot, *found);
            } else if ((key.type == type::dir_index || key.type == type::dir_item) && !inodes_.empty()) {
                search_entries(leaf, slot, *found);
            }
        }
        return found;
    }

    void accept(const ScanStep& step, const LeafVisit*, std::unique_ptr<LeafResult> result) override {
        hits_.has_lost |= step.kind == ScanStep::Kind::lost;
        if (step.kind != ScanStep::Kind::leaf || !step.is_first) {
            return;
        }
        auto& found = dynamic_cast<Found&>(*result);
        for (auto& hit : found.data) {
            hits_.data.add(std::move(hit));
        }
        for (auto& hit : found.names) {
            hits_.names.add(std::move(hit));
        }
    }

    Hits hits() {
        hits_.data.sort();
        hits_.names.sort();
        return std::move(hits_);
    }

private:
    static RangeSet united(std::vector<Range> ranges) {
        std::ranges::sort(ranges);
        RangeSet set;
        for (const Range range : ranges) {
            set.append(range);
        }
        return set;
    }

    void search_extent(const LeafVisit& leaf, u32 slot, Found& found) const {
        const auto extent = stored_extent(leaf.block.item_data(slot));
        const Range bytes = extent ? extent->needed() : Range{};
        if (bytes.length() > 0 && data_.intersects(bytes)) {
            found.data.push_back(
                {.about = bytes, .leaf = leaf.promise.address, .key = leaf.block.key(slot), .name = {}});
        }
    }

    void search_entries(const LeafVisit& leaf, u32 slot, Found& found) const {
        const auto key = leaf.block.key(slot);
        for_each_name(key, leaf.block.item_data(slot), [&](const NameRecord& record, const btrfs::DirItem* entry) {
            const Range inode{record.child, record.child + 1};
            if (!is_subvolume_entry(entry) && inodes_.intersects(inode)) {
                found.names.push_back({.about = inode,
                                       .leaf = leaf.promise.address,
                                       .key = key,
                                       .name = std::string(as_text(record.name))});
            }
        });
    }

    RangeSet data_;
    RangeSet inodes_;
    Hits hits_;
};

} // namespace

void LeafHits::add(LeafHit hit) {
    if (hits_.size() < most) {
        hits_.push_back(std::move(hit));
    } else {
        is_full_ = true;
    }
}

void LeafHits::sort() {
    std::ranges::sort(hits_, {}, [](const LeafHit& hit) { return std::tuple(hit.about, hit.leaf, hit.key, hit.name); });
    ends_.clear();
    u64 end = 0;
    for (const auto& hit : hits_) {
        end = std::max(end, hit.about.end);
        ends_.push_back(end);
    }
}

Hits search_leaves(Survey& survey, std::span<const Question> questions) {
    Search search(questions);
    if (search.is_needed()) {
        SparseBits visited;
        const auto roots = file_tree_roots(survey.roots);
        scan_blocks(survey, roots, {.shares = true, .thorough = false, .visited = &visited}, search);
    }
    return search.hits();
}

} // namespace btrkit::survey
