// SPDX-License-Identifier: MIT
// The distinct blocks of all subvolumes, written elsewhere where they must be.
#pragma once

#include "libfs/relocate/address_map.h"
#include "libfs/txn/workspace.h"

#include <unordered_map>

namespace btrkit {

class BlockRewriter {
public:
    /// leaving: addresses that no block may keep. data: where extents are now. All must outlive it.
    BlockRewriter(Workspace& workspace, const Filesystem& committed, const RangeSet& leaving, const AddressMap& data)
        : workspace_(workspace), committed_(committed), leaving_(leaving), data_(data) {}

    /// All blocks from that root down that it has not come to before. Returns where the root is now. Blocks
    /// are given places in the order of their keys, children before their parents. Fails with damaged where a block
    /// can't be proven, with no_space and io.
    Result<Logical> rewrite(const Promise& promise);

    /// Where a block is now; nothing where it stayed.
    std::optional<u64> find(u64 address) const {
        const auto found = now_.find(address);
        return found == now_.end() || found->second == address ? std::nullopt : std::optional(found->second);
    }
    u64 moved_count() const { return moved_count_; }

private:
    Result<bool> rewrite_pointers(MutableBytes bytes, const TreeBlock& node, const Promise& promise);
    bool rewrite_extents(MutableBytes bytes, const TreeBlock& leaf) const;
    Result<Logical> place(const TreeBlock& block);
    bool has_twin(Logical at, u64 generation) const;
    Result<Logical> write(const TreeBlock& block, MutableBytes bytes);

    Workspace& workspace_;
    const Filesystem& committed_;
    const RangeSet& leaving_;
    const AddressMap& data_;
    std::unordered_map<u64, u64> now_; ///< of every block that was come to, by where it was
    u64 moved_count_ = 0;
};

} // namespace btrkit
