// SPDX-License-Identifier: MIT
// A directory at the top of a subvolume for what has lost its names.
#pragma once

#include "libfs/edit/directory_editor.h"

namespace btrkit::repair {

/// In /lost+found of that tree, under that name or one like it that is free. Nothing where what is called lost+found is
/// no directory.
Result<std::optional<NamedPlace>> place_in_lost_and_found(Transaction& transaction, u64 tree_id,
                                                          const std::string& name, Time now);

/// Gives an inode without names one in /lost+found of its subvolume: "inode-NUMBER". False, and nothing is changed: the
/// inode is not there, or what is called lost+found is no directory.
Result<bool> put_into_lost_and_found(Transaction& transaction, const PlaceInTree& inode, Time now);

/// The same, if it is there and has no name.
Result<void> keep_if_nameless(Transaction& transaction, const PlaceInTree& inode, Time now);

} // namespace btrkit::repair
