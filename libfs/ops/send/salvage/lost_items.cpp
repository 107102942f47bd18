// SPDX-License-Identifier: MIT
#include "libfs/ops/send/salvage/lost_items.h"

#include "formats/btrfs/file_extent.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/fs/directory.h"
#include "libfs/fs/inode.h"
#include "libfs/fs/name_items.h"

#include <algorithm>
#include <sys/stat.h>

namespace btrkit::send {

namespace {

namespace type = btrfs::item_type;

constexpr std::size_t most_lost_inodes_kept = 200'000;
constexpr std::size_t most_names_of_inode = 1000;
constexpr std::size_t most_name_bytes_kept = std::size_t{32} << 20;

bool is_inode_number(u64 number) {
    return number >= btrfs::first_free_objectid && number <= btrfs::last_free_objectid;
}

btrfs::Key item_key(u64 inode) {
    return {inode, type::inode_item, 0};
}

KeyRange reference_keys(u64 inode) {
    return KeyRange::through({inode, type::inode_ref, 0}, {inode, type::inode_extref, ~u64{0}});
}

u32 mode_type_of(u8 file_type) {
    for (const u32 mode : {S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK}) {
        if (static_cast<u8>(file_type_of(mode)) == file_type) {
            return mode;
        }
    }
    return 0;
}

bool is_entry(const btrfs::Key& key) {
    return key.type == type::dir_item || key.type == type::dir_index;
}

/// Up to where the file reaches by one extent item.
u64 end_of_extent(const btrfs::Key& key, Bytes body) {
    const auto* head = view_at<btrfs::FileExtentHead>(body);
    if (head == nullptr) {
        return 0;
    }
    const auto* range = view_at<btrfs::FileExtentRange>(body, sizeof(*head));
    const bool is_inline = head->type == static_cast<u8>(btrfs::FileExtentType::inline_data);
    const u64 length = is_inline ? u64{head->ram_bytes} : range == nullptr ? 0 : u64{range->num_bytes};
    return key.offset > ~u64{0} - length ? 0 : key.offset + length;
}

} // namespace

/// The first two looks: where the gaps are and which inodes have items beside them; then what all items tell of those.
class LostItems::Gathering {
public:
    explicit Gathering(LostItems& lost) : lost_(lost) {}

    void find_gaps();
    void find_evidence();

private:
    void note_gap(const KeyRange& gap);
    void note_item(const btrfs::Key& key, Bytes body);
    void note_evidence(const btrfs::Key& key, Bytes body);
    void note_own_item(LostInode& inode, const btrfs::Key& key, Bytes body);
    void note_entry(const NameRecord& name, const btrfs::DirItem& entry);
    LostInode* keep(u64 number);
    void add_name(LostInode& inode, u64 dir, Bytes name, bool is_reference);

    LostItems& lost_;
    u64 number_ = 0; ///< of the inode that the walk is at
    std::size_t name_bytes_ = 0;
};

void LostItems::Gathering::find_gaps() {
    walk_past_gaps(
        *lost_.cache_, lost_.tree_.block,
        [this](const TreeBlock& leaf) {
            for (u32 slot = 0; slot < leaf.count(); ++slot) {
                note_item(leaf.key(slot), leaf.item_data(slot));
            }
        },
        [this](const KeyRange& gap) { note_gap(gap); });
}

void LostItems::Gathering::note_gap(const KeyRange& gap) {
    auto& gaps = lost_.gaps_;
    if (!gaps.empty() && gaps.back().end == gap.first) {
        gaps.back().end = gap.end; // two lost leaves side by side
    } else {
        gaps.push_back(gap);
    }
    if (is_inode_number(number_) && lost_.may_have(reference_keys(number_))) {
        if (auto* inode = keep(number_)) {
            inode->has_item = !lost_.may_have(KeyRange::through(item_key(number_), item_key(number_)));
        }
    }
}

void LostItems::Gathering::note_item(const btrfs::Key& key, Bytes body) {
    if (!is_inode_number(key.objectid)) {
        return;
    }
    if (key.objectid != number_) {
        number_ = key.objectid;
        const bool has_item = key.type == type::inode_item && view_at<btrfs::InodeItem>(body) != nullptr;
        auto* inode = has_item ? nullptr : keep(number_);
        if (inode != nullptr) {
            inode->has_own_items = true;
        }
    }
    if (key.type == type::inode_ref || key.type == type::inode_extref) {
        std::size_t names = 0;
        bool are_possible = true;
        for_each_name(key, body, [&](const NameRecord& record, const btrfs::DirItem*) {
            ++names;
            are_possible = are_possible && is_possible_name(as_text(record.name));
        });
        if ((names == 0 || !are_possible) && number_ != btrfs::root_dir_inode && !lost_.inodes_.contains(number_)) {
            if (auto* inode = keep(number_)) {
                inode->has_item = true;
            }
        }
    }
}

LostInode* LostItems::Gathering::keep(u64 number) {
    auto& inodes = lost_.inodes_;
    if (const auto known = inodes.find(number); known != inodes.end()) {
        return &known->second;
    }
    return inodes.size() < most_lost_inodes_kept ? &inodes[number] : nullptr;
}

void LostItems::Gathering::find_evidence() {
    number_ = 0;
    walk_past_gaps(
        *lost_.cache_, lost_.tree_.block,
        [this](const TreeBlock& leaf) {
            for (u32 slot = 0; slot < leaf.count(); ++slot) {
                note_evidence(leaf.key(slot), leaf.item_data(slot));
            }
        },
        [](const KeyRange&) {});
}

void LostItems::Gathering::note_evidence(const btrfs::Key& key, Bytes body) {
    if (!is_inode_number(key.objectid)) {
        return;
    }
    if (const auto known = lost_.inodes_.find(key.objectid); known != lost_.inodes_.end()) {
        note_own_item(known->second, key, body);
    }
    if (is_inode_ref_of(key, key.objectid)) {
        for_each_name(key, body, [&](const NameRecord& name, const btrfs::DirItem*) {
            if (name.parent != number_ && lost_.is_lost(name.parent)) {
                number_ = name.parent; // most names have the directory of the one before
                if (auto* dir = keep(name.parent)) {
                    dir->type = S_IFDIR;
                }
            }
        });
    } else if (is_entry(key)) {
        for_each_name(key, body,
                      [&](const NameRecord& name, const btrfs::DirItem* entry) { note_entry(name, *entry); });
    }
}

void LostItems::Gathering::note_own_item(LostInode& inode, const btrfs::Key& key, Bytes body) {
    if (key.type == type::extent_data) {
        inode.type = inode.type == 0 ? S_IFREG : inode.type;
        inode.size = std::max(inode.size, end_of_extent(key, body));
    } else if (is_entry(key)) {
        inode.type = S_IFDIR;
    } else if (is_inode_ref_of(key, key.objectid)) {
        for_each_name(key, body, [&](const NameRecord& name, const btrfs::DirItem*) {
            if (!is_self_ref(name)) {
                add_name(inode, name.parent, name.name, true);
            }
        });
    }
}

/// An entry tells of a directory, or of an inode that has other items.
void LostItems::Gathering::note_entry(const NameRecord& name, const btrfs::DirItem& entry) {
    if (entry.location.type != type::inode_item || !is_inode_number(name.child)) {
        return;
    }
    const u32 mode_type = mode_type_of(name.file_type);
    const auto known = lost_.inodes_.find(name.child);
    auto* inode = known != lost_.inodes_.end() ? &known->second : nullptr;
    if (inode == nullptr && mode_type == S_IFDIR && lost_.is_lost(name.child)) {
        inode = keep(name.child);
    }
    if (inode != nullptr) {
        inode->type = inode->type == S_IFDIR || mode_type == 0 ? inode->type : mode_type;
        add_name(*inode, name.parent, name.name, false);
    }
}

void LostItems::Gathering::add_name(LostInode& inode, u64 dir, Bytes name, bool is_reference) {
    if (inode.names.size() >= most_names_of_inode) {
        return;
    }
    ParentName added{.dir = dir, .name = std::string(as_text(name))};
    const bool is_known = std::ranges::any_of(
        inode.names, [&](const ParentName& other) { return other.dir == added.dir && other.name == added.name; });
    name_bytes_ += is_known ? 0 : added.name.size() + sizeof(added);
    if (is_known || !is_possible_name(added.name) || name_bytes_ > most_name_bytes_kept) {
        return;
    }
    // References come in key order, as the walk that sends them meets them.
    inode.names.insert(is_reference ? inode.names.begin() + inode.reference_count++ : inode.names.end(),
                       std::move(added));
}

LostItems::LostItems(BlockCache& cache, const TreeRoot& tree) : cache_(&cache), tree_(tree) {
    Gathering gathering(*this);
    gathering.find_gaps();
    if (!gaps_.empty() || !inodes_.empty()) {
        gathering.find_evidence();
    }
}

bool LostItems::may_have(const KeyRange& keys) const {
    const auto behind =
        std::ranges::partition_point(gaps_, [&](const KeyRange& gap) { return gap.ends_before(keys.first); });
    return behind != gaps_.end() && !intersection(*behind, keys).is_empty();
}

bool LostItems::is_lost(u64 inode) const {
    const auto* known = find(inode);
    return (known != nullptr && !known->has_item) || may_have(KeyRange::through(item_key(inode), item_key(inode)));
}

bool LostItems::may_lack_names(u64 inode) const {
    return inodes_.contains(inode) || may_have(reference_keys(inode));
}

const LostInode* LostItems::find(u64 inode) const {
    const auto known = inodes_.find(inode);
    return known == inodes_.end() ? nullptr : &known->second;
}

std::optional<u64> LostItems::first_lost_inode(u64 from) const {
    for (auto at = inodes_.lower_bound(from); at != inodes_.end(); ++at) {
        if (!at->second.has_item) {
            return at->first;
        }
    }
    return std::nullopt;
}

std::optional<btrfs::Key> LostItems::entry_by_index(u64 dir, std::string_view name) const {
    TreeSearch entries(*cache_, tree_.block);
    std::optional<btrfs::Key> from{{dir, type::dir_index, 0}};
    while (from) {
        auto there = entries.seek(*from);
        for (; there && *there; there = entries.next()) {
            const auto key = entries.key();
            if (key.objectid != dir || key.type != type::dir_index) {
                return std::nullopt;
            }
            if (const auto location = entry_of_name(entries.data(), name)) {
                return location;
            }
            from = btrfs::next_key(key);
        }
        if (there) {
            return std::nullopt;
        }
        const auto gap = std::ranges::find_if(gaps_, [&](const KeyRange& each) { return !each.ends_before(*from); });
        from = gap == gaps_.end() ? std::nullopt : gap->end;
    }
    return std::nullopt;
}

void LostItems::for_each_lost_name(const std::function<void(u64 inode, const ParentName&)>& visit) const {
    TreeSearch entries(*cache_, tree_.block);
    const auto stands_in_dir_item = [&](const NameRecord& name) {
        const auto there = entries.find({name.parent, type::dir_item, name_hash(name.name)});
        const auto entry = there && *there ? entry_of_name(entries.data(), as_text(name.name)) : std::nullopt;
        return entry && entry->objectid == name.child;
    };
    walk_past_gaps(
        *cache_, tree_.block,
        [&](const TreeBlock& leaf) {
            for (u32 slot = 0; slot < leaf.count(); ++slot) {
                const auto key = leaf.key(slot);
                if (!is_entry(key) || !is_inode_number(key.objectid)) {
                    continue;
                }
                for_each_name(key, leaf.item_data(slot), [&](const NameRecord& name, const btrfs::DirItem* entry) {
                    const bool is_lost = entry->location.type == type::inode_item && !inodes_.contains(name.child) &&
                                         this->is_lost(name.child);
                    if (is_lost && (key.type == type::dir_item || !stands_in_dir_item(name))) {
                        visit(name.child, {.dir = name.parent, .name = std::string(as_text(name.name))});
                    }
                });
            }
        },
        [](const KeyRange&) {});
}

} // namespace btrkit::send
