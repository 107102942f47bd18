// SPDX-License-Identifier: MIT
// What a tree block refers to, and by which kind of back reference the extent tree must know it.
#pragma once

#include "libfs/fs/filesystem.h"
#include "libfs/survey/scan/references.h"

#include <optional>

namespace btrkit::survey {

/// The reference of a root item, or of the superblock, to the root of a tree.
void hold_root(ReferenceSink& sink, const TreeRoot& root, u32 nodesize);

/// Says what the block itself is: its generation and level.
void hold_block(ReferenceSink& sink, const ReferenceHolder& holder);

/// The references of a node to its children. Those before drop_key are gone; end is where the node's keys end.
void hold_children(ReferenceSink& sink, const ReferenceHolder& holder, const std::optional<btrfs::Key>& drop_key,
                   const std::optional<btrfs::Key>& end);

/// The references of a leaf to the data of its files.
void hold_data(ReferenceSink& sink, const ReferenceHolder& holder);

/// The reference by which a leaf's file extent is known; nothing for inline ones and holes.
std::optional<Reference> data_reference(const ReferenceHolder& holder, u32 slot);

} // namespace btrkit::survey
