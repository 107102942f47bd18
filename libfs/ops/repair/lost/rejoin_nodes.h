// SPDX-License-Identifier: MIT
// Nodes that are lost, made from their children. A node says nothing but where its children are and where their keys
// begin; and the extent tree has every child, with the node's tree or its address as the one that refers to it.
//
//  1. Go through the extent tree for blocks one level below a lost node, of its tree or naming its address.
//  2. Read these: a child's keys lie in the node's range of keys.
//  3. They stand in the node by their first keys. The first of them must be what was promised of the node.
#pragma once

#include "libfs/ops/repair/lost/new_block.h"

namespace btrkit::repair {

/// Which children a node must have.
enum class Siblings {
    all,   ///< none where part of the extent tree is lost, or a block that may be a child can't be read
    known, ///< those that can be read, if there are any: its first key may be another one than was promised
};

/// Of the nodes among these blocks, those of which the children are known.
std::vector<MendedBlock> rejoin_nodes(const Filesystem& filesystem, std::span<const LostBlock> lost, Siblings siblings);

} // namespace btrkit::repair
