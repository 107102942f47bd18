// SPDX-License-Identifier: MIT
// EXTENT_ITEM and METADATA_ITEM with their inline references, and references with keys of their own.
#include "libfs/tree/extent_ref.h"
#include "libfs/tree/item_check_context.h"

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

constexpr auto extent_item_code = ProblemCode::item_extent;
constexpr auto inline_code = ProblemCode::item_extent_inline_ref;

/// A file's reference, inline or with its own key. Data belongs to files of subvolumes, to the copies that
/// relocation makes, and to the old free space caches, which are inodes of the root tree.
void check_data_ref(const ItemCheck& item, ProblemCode ref_code, const ExtentRef& ref) {
    if (!is_subvolume(ref.root) && ref.root != btrfs::data_reloc_tree_id && ref.root != btrfs::root_tree_id) {
        item.report_for(KernelTrait::checks_data_refs, ref_code, "data reference from tree {}, which has no files",
                        ref.root);
    }
    if (!is_inode_number(ref.objectid)) {
        item.report_for(KernelTrait::checks_data_refs, ref_code, "data reference from {}, which is no inode",
                        ref.objectid);
    }
    item.expect_aligned(ref_code, "file offset of a data reference", ref.offset);
    if (ref.count == 0) {
        item.report(ref_code, "data reference with count 0");
    }
}

/// A leaf's or node's reference, inline or with its own key.
void check_shared_ref(const ItemCheck& item, ProblemCode ref_code, const ExtentRef& ref) {
    item.expect_aligned(ref_code, "parent", ref.parent);
    if (ref.count == 0) {
        item.report(ref_code, "shared data reference with count 0");
    }
}

/// Walks the inline references of one extent.
class InlineRefCheck {
public:
    InlineRefCheck(const ItemCheck& item, Bytes refs, bool is_data) : item_(item), rest_(refs), is_data_(is_data) {}

    /// Checks all of them; returns how many references they stand for.
    u64 check() {
        while (!rest_.empty()) {
            const auto ref = decode_inline_ref(rest_);
            if (!ref) {
                report_bad(ref.error());
                break;
            }
            check_one(*ref);
            rest_ = rest_.subspan(btrfs::inline_ref_size(ref->type));
        }
        return count_;
    }

private:
    void report_bad(BadInlineRef why) const {
        const auto ref_type = std::to_integer<u8>(rest_.front());
        switch (why) {
        case BadInlineRef::unknown_type: item_.report(inline_code, "unknown type {}", ref_type); break;
        case BadInlineRef::cut_off:
            item_.report(inline_code, "reference of {} bytes, but the item has {} left",
                         btrfs::inline_ref_size(ref_type), rest_.size());
            break;
        }
    }

    void check_one(const ExtentRef& ref) {
        if (is_data_ ? ref.is_of_block() : ref.is_of_data()) {
            item_.report(inline_code, "{} in an extent of {}", btrfs::find_item_type(ref.type)->name,
                         is_data_ ? "data" : "metadata");
        }
        if (ref.type == type::extent_data_ref) {
            check_data_ref(item_, inline_code, ref);
        } else if (ref.is_shared()) {
            check_shared_ref(item_, inline_code, ref);
        }
        count_ += ref.count;
        check_order(ref.type, ref.sequence());
    }

    /// Types ascend; within a type the sequence does not ascend.
    void check_order(u8 ref_type, u64 sequence) {
        if (ref_type < last_type_) {
            item_.report(inline_code, "type {} behind type {}", ref_type, last_type_);
        } else if (ref_type == last_type_ && sequence > last_sequence_) {
            item_.report(inline_code, "type {}: {:#x} behind {:#x}", ref_type, sequence, last_sequence_);
        }
        last_type_ = ref_type;
        last_sequence_ = sequence;
    }

    const ItemCheck& item_;
    Bytes rest_;
    bool is_data_;
    u8 last_type_ = 0;
    u64 last_sequence_ = 0;
    u64 count_ = 0;
};

void check_data_extent(const ItemCheck& item, u64 flags) {
    if (item.key().type == type::metadata_item) {
        item.report(extent_item_code, "flags {:#x} say data", flags);
        return;
    }
    item.expect_aligned(extent_item_code, "length", item.key().offset);
    if ((flags & btrfs::extent_flag_full_backref) != 0) {
        item.report(extent_item_code, "data with the flag FULL_BACKREF");
    }
}

void check_block_level(const ItemCheck& item, u64 level) {
    if (level >= btrfs::max_level_count) {
        item.report(extent_item_code, "level {}, but {} is the highest", level, btrfs::max_level_count - 1);
    }
}

void check_metadata_extent(const ItemCheck& item) {
    const u64 length = item.key().offset;
    if (item.key().type == type::extent_item && length != item.geometry().nodesize) {
        item.report(extent_item_code, "tree block of {} bytes, but the nodesize is {}", length,
                    item.geometry().nodesize);
    }
}

void check_extent_overlap(const ItemCheck& item) {
    std::optional<u64> end;
    if (const auto extent = item.previous_of_type(type::extent_item)) {
        end = end_of(extent->objectid, extent->offset);
    } else if (const auto block = item.previous_of_type(type::metadata_item)) {
        end = end_of(block->objectid, item.geometry().nodesize);
    }
    if (end && *end > item.key().objectid) {
        item.report(ProblemCode::item_extent_overlap, "begins at {}, but the extent before it ends at {}",
                    item.key().objectid, *end);
    }
}

void check_extent_key(const ItemCheck& item) {
    item.expect_aligned(extent_item_code, "address", item.key().objectid);
    if (item.key().type == type::metadata_item) {
        check_block_level(item, item.key().offset);
        if (!item.geometry().has_incompat(btrfs::incompat_skinny_metadata)) {
            item.report(extent_item_code, "METADATA_ITEM, but the filesystem has not the feature skinny-metadata");
        }
    }
}

/// The inline references of an extent whose flags are known to be sane; nothing where what precedes them is cut off.
std::optional<Bytes> inline_refs_of(const ItemCheck& item, bool is_data) {
    const Bytes rest = item.data().subspan(sizeof(btrfs::ExtentItem));
    if (is_data || item.key().type == type::metadata_item) {
        return rest;
    }
    const auto* info = view_at<btrfs::TreeBlockInfo>(rest);
    if (info == nullptr) {
        item.report(ProblemCode::item_size, "EXTENT_ITEM of a tree block has {} bytes, but needs {}",
                    item.data().size(), sizeof(btrfs::ExtentItem) + sizeof(btrfs::TreeBlockInfo));
        return std::nullopt;
    }
    check_block_level(item, info->level);
    return rest.subspan(sizeof(*info));
}

} // namespace

void check_extent(const ItemCheck& item) {
    const auto& extent = item.body<btrfs::ExtentItem>();
    check_extent_key(item);
    check_extent_overlap(item);
    item.expect_generation(extent_item_code, "generation", extent.generation);
    const u64 flags = extent.flags;
    const bool is_data = (flags & btrfs::extent_flag_data) != 0;
    if (is_data == ((flags & btrfs::extent_flag_tree_block) != 0)) {
        item.report(extent_item_code, "flags {:#x} are not those of either data or a tree block", flags);
        return;
    }
    if (is_data) {
        check_data_extent(item, flags);
    } else {
        check_metadata_extent(item);
    }
    if (const auto refs = inline_refs_of(item, is_data)) {
        const u64 count = InlineRefCheck(item, *refs, is_data).check();
        if (count > extent.refs) {
            item.report(extent_item_code, "refs {}, but inline references alone are {}", u64{extent.refs}, count);
        }
    }
}

void check_block_ref(const ItemCheck& item) {
    item.expect_aligned(ProblemCode::item_extent_ref, "address", item.key().objectid);
    if (item.key().type == type::shared_block_ref) {
        item.expect_aligned(ProblemCode::item_extent_ref, "parent", item.key().offset);
    }
}

void check_shared_data_ref(const ItemCheck& item) {
    item.expect_aligned(ProblemCode::item_extent_ref, "address", item.key().objectid);
    if (const auto ref = decode_keyed_ref(item.key(), item.data())) {
        check_shared_ref(item, ProblemCode::item_extent_ref, *ref);
    }
}

void check_extent_data_refs(const ItemCheck& item) {
    constexpr std::size_t ref_size = sizeof(btrfs::ExtentDataRef);
    item.expect_aligned(ProblemCode::item_extent_ref, "address", item.key().objectid);
    if (item.data().size() % ref_size != 0) {
        item.report(ProblemCode::item_size, "{} bytes, but a data reference has {}", item.data().size(), ref_size);
    }
    // Several stand in one item where their hashes collide; the key then is that of the first, or the next free one.
    KeyedRefs refs(item.key(), item.data());
    while (const auto ref = refs.next()) {
        check_data_ref(item, ProblemCode::item_extent_ref, *ref);
    }
}

} // namespace btrkit
