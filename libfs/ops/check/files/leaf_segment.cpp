// SPDX-License-Identifier: MIT
#include "libfs/ops/check/files/leaf_segment.h"

#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/ops/check/files/name_records.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

namespace type = btrfs::item_type;

class Summary {
public:
    Summary(const LeafVisit& leaf, const ExtentFacts& facts, Problems& problems)
        : leaf_(leaf), facts_(facts), problems_(problems), result_(std::make_unique<LeafSegment>()) {}

    std::unique_ptr<LeafSegment> make() {
        for (slot_ = 0; slot_ < leaf_.block.count(); ++slot_) {
            key_ = leaf_.block.key(slot_);
            body_ = leaf_.block.item_data(slot_);
            if (!state_ || state_->inode != key_.objectid) {
                push();
                state_ = InodeState{.inode = key_.objectid, .leaf = leaf_.promise.address};
            }
            accept_item();
        }
        push();
        return std::move(result_);
    }

private:
    void push() {
        if (!state_) {
            return;
        }
        append(
            result_->segment, *state_,
            [this](const InodeState& inode) { judge_inode(inode, facts_.geometry, leaf_.tree, problems_); },
            facts_.seed);
        state_.reset();
    }

    template <class... Args>
    void report(ProblemCode code, fmt::format_string<const Args&...> format, const Args&... args) {
        Place place = leaf_.place(slot_);
        place.inode = key_.objectid;
        // What the tree-checker has against items check_items() has said.
        problems_.push_back({.code = code,
                             .place = std::move(place),
                             .detail = fmt::format(format, args...),
                             .refused_by = KernelTrait::no_kernel});
    }

    void accept_item() {
        switch (key_.type) {
        case type::inode_item: return accept_inode();
        case type::inode_ref:
        case type::inode_extref:
        case type::dir_item:
        case type::dir_index: return accept_names();
        case type::xattr_item: return;
        case type::extent_data: return accept_extent();
        case type::verity_desc_item:
        case type::verity_merkle_item: return accept_verity();
        case type::orphan_item: return accept_orphan();
        default: break;
        }
        if (key_.objectid == btrfs::free_ino_objectid || key_.objectid == btrfs::free_space_objectid) {
            report(ProblemCode::inode_cache, "");
        } else {
            report(ProblemCode::item_misplaced, "{} in a file tree", key_text(key_));
        }
    }

    void accept_inode() {
        const auto* item = view_at<btrfs::InodeItem>(body_);
        if (item == nullptr) {
            return;
        }
        if (key_.objectid == btrfs::free_ino_objectid) {
            report(ProblemCode::inode_cache, "");
        }
        state_->has_item = true;
        state_->mode = item->mode;
        state_->links = item->nlink;
        state_->size = item->size;
        state_->bytes = item->nbytes;
        state_->flags = item->flags;
    }

    void accept_names() {
        u32 count = 0;
        for_each_name(key_, body_, [&](const NameRecord& record, const btrfs::DirItem* entry) {
            ++count;
            if (entry == nullptr) {
                ++state_->names;
                check_extref(record);
            } else {
                state_->has_dir_items = true;
                state_->entry_name_bytes += record.name.size();
            }
            if (is_self_ref(record)) {
                state_->has_self_ref = true;
            } else if (is_subvolume_entry(entry)) {
                if (record.file_type != static_cast<u8>(btrfs::FileType::directory)) {
                    report(ProblemCode::dir_entry_type, "type {} in the entry of a subvolume", record.file_type);
                }
                result_->entries.push_back({.leaf = leaf_.promise.address,
                                            .owner = leaf_.block.header().owner,
                                            .dirid = record.parent,
                                            .index = record.index,
                                            .child = record.child,
                                            .name = std::string(as_text(record.name))});
            } else {
                if (entry != nullptr && entry->location.type != type::inode_item) {
                    report(ProblemCode::item_dir, "location type {}", entry->location.type);
                }
                accept_name(record);
            }
        });
        if (key_.type == type::dir_index && count > 1) {
            report(ProblemCode::item_dir, "{} names in one index", count);
        }
        if (key_.type == type::dir_item && count > 1) {
            check_repeated_names();
        }
        if (key_.type == type::inode_extref && !facts_.geometry.has_incompat(btrfs::incompat_extended_iref)) {
            report(ProblemCode::item_misplaced, "INODE_EXTREF, but the filesystem has not the feature extref");
        }
    }

    void check_extref(const NameRecord& record) {
        if (key_.type == type::inode_extref && key_.offset != extref_hash(record.parent, record.name)) {
            report(ProblemCode::item_inode_ref, "\"{}\" in directory {} has the hash {}",
                   printable(as_text(record.name)), record.parent, extref_hash(record.parent, record.name));
        }
    }

    void accept_name(const NameRecord& record) {
        auto& balance = result_->segment.balance;
        balance += name_sum(record, facts_.seed);
        if (record.form != NameRecord::Form::inode_ref) {
            balance += file_type_record(record.child, record.file_type, facts_.seed);
        }
    }

    /// Names of one hash stand in one item, so a name that a directory has twice does too.
    void check_repeated_names() {
        std::vector<std::string_view> names;
        for_each_name(key_, body_,
                      [&](const NameRecord& record, const btrfs::DirItem*) { names.push_back(as_text(record.name)); });
        std::ranges::sort(names);
        if (const auto twice = std::ranges::adjacent_find(names); twice != names.end()) {
            report(ProblemCode::dir_name_twice, "\"{}\"", printable(*twice));
        }
    }

    void accept_orphan() {
        if (key_.objectid == btrfs::orphan_objectid) {
            result_->segment.balance += orphan_record(key_.offset, facts_.seed);
        } else {
            report(ProblemCode::item_misplaced, "{} in a file tree", key_text(key_));
        }
    }

    void accept_verity() {
        if (key_.type == type::verity_desc_item && key_.offset == 0) {
            state_->has_verity_descriptor = true;
        }
    }

    void accept_extent() {
        const auto* head = view_at<btrfs::FileExtentHead>(body_);
        if (head == nullptr) {
            return;
        }
        if (head->generation > facts_.geometry.generation + 1) {
            report(ProblemCode::inode_generation, "file extent of generation {}, the filesystem has {}",
                   u64{head->generation}, facts_.geometry.generation);
        }
        if (head->type == static_cast<u8>(btrfs::FileExtentType::inline_data)) {
            accept_inline(*head);
        } else if (const auto* range = view_at<btrfs::FileExtentRange>(body_, sizeof(*head))) {
            accept_range(*head, *range);
        }
    }

    void accept_inline(const btrfs::FileExtentHead& head) {
        const u64 ram_bytes = head.ram_bytes;
        const u64 stored = body_.size() - sizeof(head);
        const u64 sectorsize = facts_.geometry.sectorsize;
        state_->has_inline = true;
        state_->inline_ram_bytes = std::max(state_->inline_ram_bytes, ram_bytes);
        state_->extent_bytes += ram_bytes;
        if (ram_bytes == 0) {
            report(ProblemCode::inode_inline, "an empty inline extent");
        } else if (!fits_inline(head, stored, sectorsize)) {
            report(ProblemCode::inode_inline, "inline extent of {} bytes, {} on disk, in sectors of {}", ram_bytes,
                   stored, sectorsize);
        } else {
            // An inline extent ends where its sector does.
            const u64 end = key_.offset + round_up(ram_bytes, sectorsize);
            if (end > key_.offset) {
                state_->append_extent(key_.offset, end);
            }
        }
    }

    void accept_range(const btrfs::FileExtentHead& head, const btrfs::FileExtentRange& range) {
        const u64 length = range.num_bytes;
        const u64 end = key_.offset + length;
        state_->has_regular = true;
        if (length == 0) {
            report(ProblemCode::item_file_extent, "num_bytes 0");
            return;
        }
        if (end < key_.offset) {
            return; // check_items has said so
        }
        state_->append_extent(key_.offset, end);
        check_range(head, range);
        if (range.disk_bytenr == 0) {
            return;
        }
        state_->extent_bytes += length;
        if (facts_.knows_csums && leaf_.tree != btrfs::data_reloc_tree_id) {
            compare_csums(head, range);
        }
    }

    void check_range(const btrfs::FileExtentHead& head, const btrfs::FileExtentRange& range) {
        const bool is_prealloc = head.type == static_cast<u8>(btrfs::FileExtentType::prealloc);
        const bool is_encoded = head.compression != 0 || head.encryption != 0 || head.other_encoding != 0;
        const u64 ram_bytes = head.ram_bytes;
        const u64 offset = range.offset;
        const u64 length = range.num_bytes;
        if (offset > ram_bytes || length > ram_bytes - offset) {
            report(ProblemCode::item_file_extent, "{} bytes from {} on, but the extent has {}", length, offset,
                   ram_bytes);
        }
        if (is_prealloc && is_encoded) {
            report(ProblemCode::item_file_extent, "preallocated, but encoded");
        }
        if (range.disk_bytenr == 0) {
            return;
        }
        if (!is_prealloc && head.compression != 0) {
            state_->compressed.note(key_.offset);
        }
        if (head.compression == 0 && (offset > range.disk_num_bytes || length > range.disk_num_bytes - offset)) {
            report(ProblemCode::item_file_extent, "{} bytes from {} on, but the extent has {} on disk", length, offset,
                   u64{range.disk_num_bytes});
        }
    }

    /// Written data of a file with checksums has them; what was only allocated has none of its own.
    void compare_csums(const btrfs::FileExtentHead& head, const btrfs::FileExtentRange& range) {
        if (head.type != static_cast<u8>(btrfs::FileExtentType::regular)) {
            return;
        }
        Range bytes{range.disk_bytenr, range.disk_bytenr + range.disk_num_bytes};
        if (head.compression == 0) {
            bytes = {range.disk_bytenr + range.offset, range.disk_bytenr + range.offset + range.num_bytes};
        }
        if (bytes.end <= bytes.start) {
            return;
        }
        if (facts_.data_without_csum.intersects(bytes)) {
            state_->csum_missing.note(key_.offset);
        }
        if (!facts_.data_without_csum.covers(bytes)) {
            state_->csum_present.note(key_.offset);
        }
    }

    const LeafVisit& leaf_;
    const ExtentFacts& facts_;
    Problems& problems_;
    std::unique_ptr<LeafSegment> result_;
    std::optional<InodeState> state_;
    u32 slot_ = 0;
    btrfs::Key key_;
    Bytes body_;
};

} // namespace

std::unique_ptr<LeafSegment> summarize_leaf(const LeafVisit& leaf, const ExtentFacts& facts, Problems& problems) {
    return Summary(leaf, facts, problems).make();
}

} // namespace btrkit::check
