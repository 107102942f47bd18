// SPDX-License-Identifier: MIT
// Directories of a filesystem that a transaction changes: looked up as they will be, and their entries put and taken.
#pragma once

#include "libfs/fs/inode.h"
#include "libfs/txn/transaction.h"

#include <map>
#include <string_view>

namespace btrkit {

/// An inode of the filesystem as the transaction makes it.
struct PlaceInTree {
    u64 tree = 0;
    u64 inode = 0;
};

/// Where a path leads and what it ends in: the directory that a new entry would stand in, and its name.
struct NamedPlace {
    PlaceInTree dir;
    std::string name;
};

/// A name that no entry of the directory has; it counts until one is put in or taken out.
struct FreeName {
    NamedPlace place;
    std::vector<std::byte> same_hash; ///< entries whose names have the same hash; hardly ever any
};

class DirectoryEditor {
public:
    /// now: what changed directories are dated. The transaction must outlive it.
    DirectoryEditor(Transaction& transaction, Time now) : transaction_(&transaction), now_(now) {}

    /// As find_path(): from the top-level tree, without following anything. Fails with not_found, naming what is not
    /// there, with usage where it has "..", and with damaged.
    Result<PlaceInTree> find(std::string_view path);
    /// All of the path but its last name must be there. Fails with usage where there is no last
    /// name, or none that an entry can have.
    Result<NamedPlace> find_parent(std::string_view path);
    /// Nothing where the directory has no such entry.
    Result<std::optional<btrfs::Key>> find_entry(const PlaceInTree& dir, std::string_view name);

    /// A new, empty directory of mode 755 that root owns, as its entry. Its number is the next one of the tree, and
    /// higher than that.
    Result<PlaceInTree> make_directory(const PlaceInTree& dir, std::string_view name, u64 above = 0);

    /// The directories on the way to the path's last name that are not there.
    Result<void> make_parents(std::string_view path);

    /// Fails with refused where the name is taken.
    Result<FreeName> find_free(NamedPlace place);
    /// Puts an entry into the directory; returns its index there. Fails with not_found where the directory is none,
    /// with no_space where the name's hash has no room left.
    Result<u64> add_entry(const FreeName& free, const btrfs::Key& location, btrfs::FileType file_type);
    /// Both.
    Result<u64> add_entry(const NamedPlace& place, const btrfs::Key& location, btrfs::FileType file_type);
    /// Takes it out. Fails with damaged where it does not stand there as it should.
    Result<void> remove_entry(const PlaceInTree& dir, std::string_view name, u64 index);

private:
    Result<void> touch(const PlaceInTree& dir, std::int64_t size_change);
    Result<u64> next_index(const PlaceInTree& dir);
    std::unexpected<Error> not_found(const PlaceInTree& place, std::string_view way, std::string_view name,
                                     std::string_view path);

    Transaction* transaction_;
    Time now_;
    std::map<std::pair<u64, u64>, u64> next_indexes_; ///< by tree and directory
};

} // namespace btrkit
