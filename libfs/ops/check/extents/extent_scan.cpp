// SPDX-License-Identifier: MIT
#include "libfs/ops/check/phases.h"

#include "libfs/ops/check/extents/extent_refs.h"
#include "libfs/survey/scan/tree_scan.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

/// An extent item and the references that were counted for it within one leaf.
struct Counted {
    Extent extent;
    u32 slot = 0;
    u64 refs = 0;
};

struct ExtentLeaf final : LeafResult {
    std::vector<Counted> extents;
    u32 leading_refs = 0; ///< slots of keyed references whose extent item stands in a leaf before
};

class ExtentVisitor final : public LeafVisitor {
public:
    explicit ExtentVisitor(Context& context) : context_(context) {}

    std::unique_ptr<LeafResult> work(const LeafVisit& leaf, Problems& problems) override {
        auto result = std::make_unique<ExtentLeaf>();
        auto& sink = context_.references;
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            const auto key = leaf.block.key(slot);
            const Bytes body = leaf.block.item_data(slot);
            if (const auto extent = parse_extent(key, body, context_.geometry())) {
                record_item(*extent, sink);
                result->extents.push_back({*extent, slot, record_inline_refs(*extent, key, body, sink)});
            } else if (is_keyed_ref(key.type)) {
                if (result->extents.empty() && slot == result->leading_refs) {
                    ++result->leading_refs;
                } else if (!result->extents.empty() && result->extents.back().extent.bytenr == key.objectid) {
                    auto& counted = result->extents.back();
                    counted.refs += record_keyed_refs(counted.extent, key, body, sink);
                } else {
                    problems.push_back({.code = ProblemCode::extent_ref_alone, .place = leaf.place(slot)});
                }
            } else if (key.type != type::block_group_item && key.type != type::extent_item &&
                       key.type != type::metadata_item) {
                problems.push_back({.code = ProblemCode::item_misplaced, .place = leaf.place(slot)});
            }
        }
        return result;
    }

    void finish(const LeafVisit& leaf, LeafResult* result) override {
        const auto& found = dynamic_cast<const ExtentLeaf&>(*result);
        accept_leading_refs(leaf, found.leading_refs);
        for (const auto& counted : found.extents) {
            settle();
            last_ = counted;
            last_place_ = leaf.place(counted.slot);
            accept_extent(counted.extent);
        }
        for (u32 slot = 0; slot < leaf.block.count(); ++slot) {
            if (leaf.block.item(slot).key.type == type::block_group_item) {
                accept_block_group(leaf, slot);
            }
        }
    }

    void lost(const Promise& promise) override {
        if (last_ && promise.first_key && promise.first_key->objectid == last_->extent.bytenr) {
            last_.reset(); // some of its references are lost
        }
        after_loss_ = true;
        const auto& [first, end] = std::tie(promise.first_key, promise.end);
        // The last extent item that may be lost is one at the address where the next block goes on.
        const bool reaches_item = end && *end > btrfs::Key{end->objectid, type::extent_item, 0};
        context_.unknown_extents.append(
            {first ? first->objectid : 0, end ? end->objectid + (reaches_item ? 1 : 0) : ~u64{0}});
    }

    void end() { settle(); }

private:
    void accept_leading_refs(const LeafVisit& leaf, u32 count) {
        for (u32 slot = 0; slot < count; ++slot) {
            const auto key = leaf.block.key(slot);
            if (last_ && last_->extent.bytenr == key.objectid) {
                last_->refs += record_keyed_refs(last_->extent, key, leaf.block.item_data(slot), context_.references);
            } else if (!after_loss_) {
                context_.findings.add({.code = ProblemCode::extent_ref_alone, .place = leaf.place(slot)});
            }
        }
        after_loss_ = false;
    }

    /// All references of the last extent have been seen.
    void settle() {
        if (last_ && last_->refs != last_->extent.refs) {
            context_.findings.add(
                {.code = ProblemCode::extent_ref_count,
                 .place = last_place_,
                 .detail = fmt::format("refs {}, but {} are recorded", last_->extent.refs, last_->refs)});
        }
        last_.reset();
    }

    void accept_extent(const Extent& extent) {
        const u64 end = extent.bytenr + extent.length_bytes;
        if (end <= extent.bytenr) {
            return; // check_items has said so
        }
        auto& space = context_.space;
        const u64 reached = space.allocated.empty() ? 0 : space.allocated.ranges().back().end;
        if (extent.bytenr < reached) {
            context_.findings.add(
                {.code = ProblemCode::item_extent_overlap,
                 .place = last_place_,
                 .detail = fmt::format("begins at {}, but the extent before it ends at {}", extent.bytenr, reached),
                 // Between leaves the tree-checker compares nothing.
                 .refused_by = last_place_.slot == 0U ? KernelTrait::no_kernel : KernelTrait::every_kernel});
        }
        space.allocated.append({extent.bytenr, end});
        if (extent.is_data()) {
            space.data.append({extent.bytenr, end});
        }
        check_place(extent, end);
        if (!extent.is_data()) {
            flag_block(extent);
        }
    }

    void flag_block(const Extent& extent) {
        const u64 number = extent.bytenr / context_.geometry().sectorsize;
        if (extent.is_full_backref()) {
            context_.full_backref.set(number);
        }
        if (extent.refs > 1) {
            context_.shared.set(number);
        }
        constexpr u64 stripe = btrfs::raid_stripe_length;
        if (extent.bytenr / stripe != (extent.bytenr + extent.length_bytes - 1) / stripe) {
            context_.findings.add({.code = ProblemCode::block_crosses_stripe, .place = last_place_});
        }
    }

    void check_place(const Extent& extent, u64 end) {
        const Chunk* chunk = context_.filesystem.volume().chunks().find({extent.bytenr});
        if (chunk == nullptr || end - chunk->start.bytenr > chunk->length) {
            context_.findings.add({.code = ProblemCode::extent_place,
                                   .place = last_place_,
                                   .detail = chunk == nullptr ? "no chunk holds it" : "it reaches beyond its chunk"});
            return;
        }
        context_.space.used_bytes_of_chunk[chunk->start.bytenr] += extent.length_bytes;
        const u64 wanted =
            extent.is_data() ? btrfs::block_group_data : btrfs::block_group_metadata | btrfs::block_group_system;
        if ((chunk->type & wanted) == 0) {
            context_.findings.add({.code = ProblemCode::extent_place,
                                   .place = last_place_,
                                   .detail = fmt::format("{} in a chunk of type {:#x}",
                                                         extent.is_data() ? "data" : "tree block", chunk->type)});
        }
    }

    void accept_block_group(const LeafVisit& leaf, u32 slot) {
        const auto key = leaf.block.key(slot);
        if (const auto* item = view_at<btrfs::BlockGroupItem>(leaf.block.item_data(slot))) {
            context_.space.block_groups.push_back({.start = key.objectid,
                                                   .length = key.offset,
                                                   .flags = item->flags,
                                                   .used_bytes = item->used,
                                                   .place = leaf.place(slot)});
        }
    }

    Context& context_;
    std::optional<Counted> last_;
    Place last_place_;
    bool after_loss_ = false;
};

} // namespace

void scan_extent_tree(Context& context) {
    const auto* record = context.roots.find(btrfs::extent_tree_id);
    if (record == nullptr) {
        context.unknown_extents.append({0, ~u64{0}});
        return;
    }
    ExtentVisitor visitor(context);
    scan_tree(context, record->root, visitor);
    visitor.end();
}

} // namespace btrkit::check
