// SPDX-License-Identifier: MIT
// Proven tree blocks. Whoever holds a TreeBlock knows: its checksum matches, it is the block that the parent
// promised, its keys ascend, and every item lies inside it, one behind the other. What the items say is not proven:
// that is check_items().
#pragma once

#include "libfs/tree/promise.h"
#include "libfs/volume/geometry.h"

namespace btrkit {

enum class BlockState {
    proven,    ///< everything that a TreeBlock promises holds
    malformed, ///< it is the block that was promised, checksum and all, but no copy of it is well-formed
    lost,      ///< no copy is what was promised; the view is void
};

struct CopyProof;

class TreeBlock : public BlockView {
public:
    /// Proves one copy of a block: check_header() and check_structure(). Without proof: nullopt, and problems has all
    /// that speaks against it. bytes must be nodesize long; the block refers to them and does not copy.
    static std::optional<TreeBlock> prove(Bytes bytes, const Geometry& geometry, const Promise& promise,
                                          Problems& problems);

    /// prove() of one of several copies, for who goes on to the next one: a copy that is another block is lost, and its
    /// structure is not looked at.
    static CopyProof prove_copy(Bytes bytes, const Geometry& geometry, const Promise& promise, Problems& problems);

private:
    explicit TreeBlock(BlockView view) : BlockView(view) {}
};

/// What one copy of a block is.
struct CopyProof {
    BlockState state = BlockState::lost;
    std::optional<TreeBlock> proven = {}; ///< only in state proven
};

/// Whether the block is what was promised: checksum, address, fsid, generation, level (below 8 in any case), owner,
/// first key. Where the checksum fails and neither address nor fsid are right, other bytes stand there and nothing
/// else is said about them.
bool check_header(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems);

/// Whether the block is well-formed: counts, key order up to the promised end, item places, pointers. A leaf may be
/// empty only as the root of a tree that can be empty.
bool check_structure(const BlockView& view, const Geometry& geometry, const Promise& promise, Problems& problems);

} // namespace btrkit
