// SPDX-License-Identifier: MIT
#include "formats/btrfs/item_types.h"
#include "tests/check/exact/exact_parts.h"

#include <tuple>

namespace btrkit::test {

namespace {

namespace type = btrfs::item_type;

/// Item type of the reference; then root or parent, inode, offset.
using Ref = std::tuple<u8, u64, u64, u64>;
using Refs = std::map<Ref, u64>;

struct Recorded {
    u64 length = 0;
    bool is_double = false; ///< two items, which overlap: not compared with anything
    u64 refs = 0;
    u64 generation = 0;
    u64 level = 0;
    u64 flags = 0;
    bool is_full = false; ///< a tree block whose children are known by its address
    Refs by_ref;
};

struct Held {
    std::set<u64> lengths;
    bool is_data = false;
    Refs by_ref;
};

class Extents {
public:
    Extents(const ExactImage& image, ExactFindings& findings) : image_(image), findings_(findings) {}

    void check() {
        std::size_t extent_tree = 0;
        for (std::size_t i = 0; i < image_.roots().size(); ++i) {
            if (image_.roots()[i].root.id == btrfs::extent_tree_id) {
                extent_tree = i;
            }
        }
        if (extent_tree == 0) {
            return;
        }
        lost_ = image_.tree(extent_tree).lost;
        read_recorded(image_.tree(extent_tree));
        hold_everything();
        compare();
        check_owners();
    }

private:
    u64 nodesize() const { return image_.filesystem().geometry().nodesize; }
    void report(ProblemCode code, u64 subject) { findings_.insert({code, subject}); }

    bool is_unknown(u64 bytenr, u64 length) const {
        return std::ranges::any_of(lost_, [&](const auto& range) {
            return bytenr + std::max<u64>(length, 1) > range.first.objectid &&
                   (!range.second || btrfs::Key{bytenr, type::extent_item, 0} < *range.second);
        });
    }

    void read_recorded(const ExactTree& tree) {
        for (const auto& [key, item] : tree.items) {
            if (key.type == type::extent_item || key.type == type::metadata_item) {
                if (const auto* head = view_at<btrfs::ExtentItem>(item.body)) {
                    read_extent(key, item.body, *head);
                }
            } else if (key.type == type::tree_block_ref || key.type == type::extent_data_ref ||
                       key.type == type::shared_block_ref || key.type == type::shared_data_ref) {
                read_keyed(key, item.body);
            }
        }
        settle_count();
    }

    void read_extent(const btrfs::Key& key, Bytes body, const btrfs::ExtentItem& head) {
        const bool is_double = recorded_.contains(key.objectid);
        auto& extent = recorded_[key.objectid];
        const bool is_full_before = extent.is_full;
        extent = {.length = key.offset, .refs = head.refs, .generation = head.generation, .flags = head.flags};
        extent.is_double = is_double;
        extent.is_full = is_full_before || ((extent.flags & btrfs::extent_flag_data) == 0 &&
                                            (extent.flags & btrfs::extent_flag_full_backref) != 0);
        settle_count();
        counted_ = {.bytenr = key.objectid, .refs = head.refs};
        std::size_t at = sizeof(head);
        if (key.type == type::metadata_item) {
            extent.length = nodesize();
            extent.level = std::min<u64>(key.offset, 0xff);
        } else if ((extent.flags & btrfs::extent_flag_data) == 0) {
            const auto* info = view_at<btrfs::TreeBlockInfo>(body, at);
            extent.level = info == nullptr ? 0 : info->level;
            at += sizeof(*info);
        }
        while (const auto* ref = view_at<btrfs::InlineRef>(body, at)) {
            const u8 kind = ref->type;
            if (kind == type::extent_owner_ref) {
                at += sizeof(*ref);
            } else if (kind == type::tree_block_ref || kind == type::shared_block_ref) {
                add(extent, {kind, ref->offset, 0, 0}, 1);
                at += sizeof(*ref);
            } else if (kind == type::shared_data_ref) {
                const auto* count = view_at<btrfs::SharedDataRef>(body, at + sizeof(*ref));
                if (count == nullptr) {
                    break;
                }
                add(extent, {kind, ref->offset, 0, 0}, count->count);
                at += sizeof(*ref) + sizeof(*count);
            } else if (kind == type::extent_data_ref) {
                const auto* data = view_at<btrfs::ExtentDataRef>(body, at + 1);
                if (data == nullptr) {
                    break;
                }
                add(extent, {kind, data->root, data->objectid, data->offset}, data->count);
                at += 1 + sizeof(*data);
            } else {
                break;
            }
        }
    }

    void read_keyed(const btrfs::Key& key, Bytes body) {
        const auto extent = recorded_.find(key.objectid);
        if (extent == recorded_.end()) {
            return;
        }
        auto& recorded = extent->second;
        if (key.type == type::shared_data_ref) {
            if (const auto* count = view_at<btrfs::SharedDataRef>(body)) {
                add(recorded, {key.type, key.offset, 0, 0}, count->count);
            }
        } else if (key.type == type::extent_data_ref) {
            for (std::size_t at = 0; const auto* data = view_at<btrfs::ExtentDataRef>(body, at); at += sizeof(*data)) {
                add(recorded, {key.type, data->root, data->objectid, data->offset}, data->count);
            }
        } else {
            add(recorded, {key.type, key.offset, 0, 0}, 1);
        }
    }

    void add(Recorded& extent, const Ref& ref, u64 count) {
        counted_.sum += count;
        if (count != 0) {
            extent.by_ref[ref] += count;
        }
    }

    /// All references of one item have been seen.
    void settle_count() {
        if (counted_.sum != counted_.refs && !is_unknown(counted_.bytenr, 1)) {
            report(ProblemCode::extent_ref_count, 0);
        }
        counted_ = {};
    }

    bool is_full(u64 block) const {
        const auto found = recorded_.find(block);
        return shared_blocks_.contains(block) && found != recorded_.end() && found->second.is_full;
    }

    void hold_block(u64 bytenr, u8 kind, u64 owner) {
        auto& held = held_[bytenr];
        held.lengths.insert(nodesize());
        held.by_ref[{kind, owner, 0, 0}] += 1;
    }

    void hold_everything() {
        for (const auto& [address, parents] : image_.parents()) {
            // Reached through a file tree: only these may hold references by address.
            const u64 owner = image_.blocks().at(address).view().header().owner;
            if (shares_blocks(owner)) {
                shared_blocks_.insert(address);
            }
        }
        for (const auto& root : image_.roots()) {
            const u64 bytenr = root.root.block.address.bytenr;
            const bool is_reloc = root.root.id == btrfs::tree_reloc_id;
            hold_block(bytenr, is_reloc ? type::shared_block_ref : type::tree_block_ref,
                       is_reloc ? bytenr : root.root.id);
        }
        for (const auto& [address, block] : image_.blocks()) {
            hold_of(address, block.view());
        }
    }

    void hold_of(u64 address, const BlockView& view) {
        const bool full = is_full(address);
        for (u32 slot = 0; slot < view.count(); ++slot) {
            if (!view.is_leaf()) {
                if (!image_.dropped().contains({address, slot})) {
                    hold_block(view.pointer(slot).blockptr, full ? type::shared_block_ref : type::tree_block_ref,
                               full ? address : u64{view.header().owner});
                }
                continue;
            }
            const auto key = view.key(slot);
            const u64 owner = view.header().owner;
            if (key.type != type::extent_data) {
                continue;
            }
            const auto* head = view_at<btrfs::FileExtentHead>(view.item_data(slot));
            const auto* range = view_at<btrfs::FileExtentRange>(view.item_data(slot), sizeof(*head));
            if (range == nullptr || head->type == 0 || range->disk_bytenr == 0) {
                continue;
            }
            auto& held = held_[range->disk_bytenr];
            held.is_data = true;
            held.lengths.insert(range->disk_num_bytes);
            held.by_ref[full ? Ref{type::shared_data_ref, address, 0, 0}
                             : Ref{type::extent_data_ref, owner, key.objectid, key.offset - range->offset}] += 1;
        }
    }

    void compare() {
        for (const auto& [bytenr, extent] : recorded_) {
            if (is_unknown(bytenr, extent.length)) {
                continue;
            }
            if (!held_.contains(bytenr) && !image_.lost_blocks()) {
                report(ProblemCode::extent_unreferenced, (extent.flags & btrfs::extent_flag_data) != 0 ? 0 : bytenr);
            }
        }
        for (const auto& [bytenr, held] : held_) {
            const auto found = recorded_.find(bytenr);
            if (is_unknown(bytenr, *held.lengths.begin())) {
                continue;
            }
            if (found == recorded_.end()) {
                report(ProblemCode::extent_missing, held.is_data ? 0 : bytenr);
            } else if (!found->second.is_double) {
                compare_extent(bytenr, held, found->second);
            }
        }
    }

    void compare_extent(u64 bytenr, const Held& held, const Recorded& extent) {
        const auto block = image_.blocks().find(bytenr);
        if (block != image_.blocks().end()) {
            const auto& header = block->second.view().header();
            if ((extent.flags & btrfs::extent_flag_data) != 0 || header.generation != extent.generation ||
                header.level != extent.level) {
                report(ProblemCode::extent_differs, bytenr);
            }
        }
        const bool length_differs = held.lengths != std::set{extent.length};
        for (const auto& [ref, count] : held.by_ref) {
            const auto same = extent.by_ref.find(ref);
            if (same == extent.by_ref.end()) {
                report(length_differs ? ProblemCode::extent_differs : ProblemCode::extent_ref_missing,
                       held.is_data ? 0 : bytenr);
            } else if (length_differs) {
                report(ProblemCode::extent_differs, held.is_data ? 0 : bytenr);
            } else if (same->second != count) {
                report(ProblemCode::extent_ref_count, 0);
            }
        }
        for (const auto& [ref, count] : extent.by_ref) {
            if (!held.by_ref.contains(ref) && !image_.lost_blocks() && !length_differs) {
                report(ProblemCode::extent_ref_unfounded, 0);
            }
        }
    }

    void check_owners() {
        for (const auto& [bytenr, extent] : recorded_) {
            if (extent.is_full && image_.alone().contains(bytenr)) {
                report(ProblemCode::extent_differs, bytenr);
            }
        }
        for (const auto& [address, parents] : image_.parents()) {
            const u64 owner = image_.blocks().at(address).view().header().owner;
            // What its owner has left to others does not make it the owner's, if every block that could is known.
            const bool is_had = std::ranges::any_of(parents, [&](const ExactImage::Parent& parent) {
                const bool is_left = parent.tree != owner && is_full(parent.address) && !image_.lost_blocks();
                return parent.owner == owner && !is_left;
            });
            if (!is_unknown(address, 1) && shares_blocks(owner) && !is_full(address) && !is_had) {
                report(ProblemCode::extent_owner, address);
            }
        }
    }

    const ExactImage& image_;
    ExactFindings& findings_;
    std::vector<std::pair<btrfs::Key, std::optional<btrfs::Key>>> lost_;
    struct Counted {
        u64 bytenr = 0;
        u64 refs = 0;
        u64 sum = 0;
    };
    Counted counted_;
    std::map<u64, Recorded> recorded_;
    std::map<u64, Held> held_;
    std::set<u64> shared_blocks_;
};

} // namespace

void check_extents_exactly(const ExactImage& image, ExactFindings& findings) {
    Extents(image, findings).check();
}

} // namespace btrkit::test
