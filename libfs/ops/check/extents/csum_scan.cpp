// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "formats/btrfs/item_types.h"
#include "libfs/survey/scan/tree_scan.h"
#include "libfs/survey/verify/log_extents.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

class CsumVisitor final : public LeafVisitor {
public:
    explicit CsumVisitor(Context& context) : context_(context) {}

    void finish(const LeafVisit& leaf, LeafResult*) override {
        const auto& geometry = context_.geometry();
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            const auto key = leaf.block.key(slot);
            if (key.type != btrfs::item_type::extent_csum) {
                context_.findings.add({.code = ProblemCode::item_misplaced, .place = leaf.place(slot)});
                continue;
            }
            const u64 sectors = leaf.block.item_data(slot).size() / geometry.csum_size_bytes;
            const u64 end = key.offset + sectors * geometry.sectorsize;
            if (end < key.offset) {
                continue;
            }
            if (slot == 0 && key.offset < end_) {
                context_.findings.add(
                    {.code = ProblemCode::item_csum_overlap,
                     .place = leaf.place(slot),
                     .detail = fmt::format("begins at {}, but the item before it ends at {}", key.offset, end_)});
            }
            end_ = std::max(end_, end);
            covered_.append({key.offset, end});
        }
    }

    const RangeSet& covered() const { return covered_; }

private:
    Context& context_;
    RangeSet covered_;
    u64 end_ = 0; ///< of the last item
};

/// Checksums of bytes that no extent holds: neither in the extent tree, nor one that only a log refers to so far (its
/// checksums may have been written before its extent).
RangeSet unfounded_checksums(const Context& context, const RangeSet& covered) {
    RangeSet unfounded = difference(covered, context.space.data);
    if (unfounded.empty() || !context.filesystem.log_root_tree()) {
        return unfounded;
    }
    const LogSpace log = read_log_space(context.filesystem);
    if (!log.is_complete) {
        return {};
    }
    for (const auto& extent : log.extents) {
        if (extent.kind == UsedExtent::Kind::data) {
            unfounded.erase(extent.range);
        }
    }
    return unfounded;
}

} // namespace

void check_csum_tree(Context& context) {
    auto& space = context.space;
    const auto* record = context.roots.find(btrfs::csum_tree_id);
    if (record == nullptr) {
        return;
    }
    CsumVisitor visitor(context);
    const bool complete = scan_tree(context, record->root, visitor);
    const RangeSet unfounded = unfounded_checksums(context, visitor.covered());
    for (const Range range : unfounded.ranges()) {
        if (!context.unknown_extents.intersects(range)) {
            context.findings.add({.code = ProblemCode::csum_unfounded,
                                  .place = {.logical = Logical{range.start}, .length = range.length()}});
        }
    }
    space.data_without_csum = difference(space.data, visitor.covered());
    space.knows_csums = complete && context.unknown_extents.empty();
}

} // namespace btrkit::check
