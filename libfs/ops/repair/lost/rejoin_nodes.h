// SPDX-License-Identifier: MIT
// Nodes that are lost, made from their children. A node says nothing but where its children are and where their keys
// begin; and the extent tree has every child, with the node's tree or its address as the one that refers to it.
//
//  1. Go through the extent tree for blocks one level below a lost node, of its tree or naming its address.
//  2. Read these: a child's keys lie in the node's range of keys.
//  3. They stand in the node by their first keys. The first of them must be what was promised of the node.
//  4. Where what can be read is enough: a child that is a lost node too is joined likewise, of those blocks one level
//     below it that no other child has the keys of.
#pragma once

#include "libfs/ops/repair/lost/new_block.h"

namespace btrkit::repair {

/// Which children a node must have.
enum class Siblings {
    all,      ///< all of them, and each can be read
    likely,   ///< all of them, but some can't be read: what their headers say is likely
    readable, ///< those that can be read or are likely, if there are any
};

/// Of the nodes among these blocks, those of which the children are known. Unless all are known the node may begin with
/// another key than was promised.
std::vector<MendedBlock> rejoin_nodes(const Filesystem& filesystem, std::span<const LostBlock> lost, Siblings siblings);

} // namespace btrkit::repair
