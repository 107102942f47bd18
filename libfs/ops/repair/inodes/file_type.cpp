// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/inodes/file_type.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/inode.h"
#include "libfs/ops/repair/names/name_form.h"

#include <cstddef>
#include <map>

#include <sys/stat.h>

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;
using btrfs::FileType;

constexpr u32 permission_bits = 07777;
constexpr u32 symlink_permissions = 0777; // all that a kernel gives them

u32 type_bits_of(FileType file_type) {
    switch (file_type) {
    case FileType::regular: return S_IFREG;
    case FileType::directory: return S_IFDIR;
    case FileType::character_device: return S_IFCHR;
    case FileType::block_device: return S_IFBLK;
    case FileType::fifo: return S_IFIFO;
    case FileType::socket: return S_IFSOCK;
    case FileType::symlink: return S_IFLNK;
    default: return 0;
    }
}

bool can_be(FileType file_type, const InodeSums& sums, const btrfs::InodeItem& item) {
    switch (file_type) {
    case FileType::directory: return !sums.has_inline && !sums.has_regular;
    case FileType::regular: return !sums.has_entries;
    case FileType::symlink:
        return !sums.has_entries && !sums.has_regular && sums.has_inline &&
               (item.mode & symlink_permissions) == symlink_permissions;
    default: return !sums.has_entries && !sums.has_inline && !sums.has_regular && type_bits_of(file_type) != 0;
    }
}

/// The entries of one name: under its hash, and under its index.
std::array<btrfs::Key, 2> entry_keys(const NameForm& ref) {
    return {dir_item_key(ref.parent, ref.name), btrfs::Key{ref.parent, type::dir_index, ref.index}};
}

/// Calls visit(type byte) for each entry in an item that is meant, and puts the item back where it is changed.
Result<void> visit_types(TreeBuffer& tree, const btrfs::Key& key, const auto& is_meant, const auto& visit) {
    BTRKIT_TRY_ASSIGN(auto item, tree.find(key));
    if (!item) {
        return {};
    }
    bool is_changed = false;
    for_each_name(key, item->body, [&](const NameRecord& record, const btrfs::DirItem* entry) {
        if (is_meant(record, entry)) {
            const auto at = reinterpret_cast<const std::byte*>(entry) - item->body.data();
            auto& byte = item->body[static_cast<std::size_t>(at) + offsetof(btrfs::DirItem, type)];
            const auto was = byte;
            visit(byte);
            is_changed = is_changed || byte != was;
        }
    });
    if (is_changed) {
        tree.put(key, item->body);
    }
    return {};
}

/// The same for the entries of a name that lead to its inode.
template <class Visit>
Result<void> for_each_entry(TreeBuffer& tree, const NameForm& ref, Visit&& visit) {
    const auto is_meant = [&](const NameRecord& record, const btrfs::DirItem* entry) {
        return record.child == ref.child && as_text(record.name) == ref.name && !is_subvolume_entry(entry);
    };
    for (const auto& key : entry_keys(ref)) {
        BTRKIT_TRY(visit_types(tree, key, is_meant, visit));
    }
    return {};
}

/// One vote for each form that names a type which the inode can have.
class Election {
public:
    Election(const InodeSums& sums, const btrfs::InodeItem& item) : sums_(&sums), item_(&item) {}

    void vote(FileType file_type) {
        if (can_be(file_type, *sums_, *item_)) {
            ++votes_[file_type];
        }
    }
    /// Unknown: there is none, or several have as many votes.
    FileType winner() const {
        FileType best = FileType::unknown;
        unsigned most = 0;
        for (const auto& [file_type, count] : votes_) {
            best = count > most ? file_type : count == most ? FileType::unknown : best;
            most = std::max(most, count);
        }
        return most > 0 ? best : what_it_holds();
    }

private:
    /// Where nothing says it.
    FileType what_it_holds() const {
        if (sums_->has_entries) {
            return can_be(FileType::directory, *sums_, *item_) ? FileType::directory : FileType::unknown;
        }
        const bool is_file = sums_->has_regular || sums_->has_inline;
        return is_file && !can_be(FileType::symlink, *sums_, *item_) ? FileType::regular : FileType::unknown;
    }

    const InodeSums* sums_;
    const btrfs::InodeItem* item_;
    std::map<FileType, unsigned> votes_;
};

} // namespace

Result<bool> settle_file_type(TreeBuffer& tree, u64 inode, btrfs::FileType other_entry) {
    BTRKIT_TRY_ASSIGN(auto stored, StoredInode::find(tree, inode));
    BTRKIT_TRY_ASSIGN(const auto sums, sum_up_inode(tree, inode));
    BTRKIT_TRY_ASSIGN(const auto refs, refs_of(tree, inode));
    auto& item = stored.item();
    Election election(sums, item);
    election.vote(file_type_of(item.mode));
    election.vote(other_entry);
    for (const auto& ref : refs) {
        BTRKIT_TRY(for_each_entry(
            tree, ref, [&](const std::byte& file_type) { election.vote(static_cast<FileType>(file_type)); }));
    }
    const auto winner = inode == btrfs::root_dir_inode ? FileType::directory : election.winner();
    if (winner == FileType::unknown) {
        return false;
    }
    for (const auto& ref : refs) {
        BTRKIT_TRY(
            for_each_entry(tree, ref, [&](std::byte& file_type) { file_type = static_cast<std::byte>(winner); }));
    }
    item.mode = type_bits_of(winner) | (item.mode & permission_bits);
    stored.store(tree);
    return true;
}

Result<bool> settle_subvolume_type(TreeBuffer& tree, const btrfs::Key& key) {
    bool has_some = false;
    const auto is_meant = [](const NameRecord&, const btrfs::DirItem* entry) { return is_subvolume_entry(entry); };
    BTRKIT_TRY(visit_types(tree, key, is_meant, [&](std::byte& file_type) {
        file_type = static_cast<std::byte>(FileType::directory);
        has_some = true;
    }));
    return has_some;
}

} // namespace btrkit::repair
