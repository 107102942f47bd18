// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/relink.h"

#include "libfs/base/names.h"

#include <set>

#include <fmt/format.h>

namespace btrkit::repair {

namespace {

class Relinking {
public:
    Relinking(const Filesystem& filesystem, ChangedChildren changed)
        : filesystem_(&filesystem), maker_(filesystem), changed_(std::move(changed)) {}

    /// Children before parents.
    void go_through(Promise promise) {
        if (*promise.level == 0 || !visited_.insert(promise.address.bytenr).second) {
            return;
        }
        promise.first_key.reset(); // it may have changed already
        const OwnedBlock node(filesystem_->reader(), promise);
        if (!node.is_proven()) {
            return;
        }
        for (u32 slot = 0; *promise.level > 1 && slot < node.block().count(); ++slot) {
            go_through(child_promise(node.block(), slot, promise));
        }
        change(node.block());
    }

    bool is_gone(Logical address) const {
        const auto found = changed_.find(address.bytenr);
        return found != changed_.end() && !found->second;
    }
    std::vector<MendedBlock> release() { return std::move(made_); }

private:
    void change(const TreeBlock& node) {
        OpenBlock now(filesystem_->geometry().nodesize);
        bool is_changed = false;
        for (u32 slot = 0; slot < node.count(); ++slot) {
            const auto& pointer = node.pointer(slot);
            const auto child = changed_.find(pointer.blockptr);
            const auto key = child == changed_.end() ? std::optional(node.key(slot)) : child->second;
            is_changed |= key != node.key(slot);
            if (key) {
                now.add_pointer(*key, {pointer.blockptr}, pointer.generation);
            }
        }
        if (!is_changed) {
            return;
        }
        const Logical address = {node.header().bytenr};
        if (now.is_empty()) {
            changed_[address.bytenr] = std::nullopt;
            return;
        }
        if (now.first_key() != node.key(0)) {
            changed_[address.bytenr] = now.first_key();
        }
        made_.push_back(maker_.remake(node, now, "a node, of which a child is lost"));
    }

    const Filesystem* filesystem_;
    BlockMaker maker_;
    ChangedChildren changed_;
    std::set<u64> visited_;
    std::vector<MendedBlock> made_;
};

} // namespace

Result<std::vector<MendedBlock>> relink(const Filesystem& filesystem, std::span<const TreeRoot> trees,
                                        ChangedChildren changed) {
    Relinking relinking(filesystem, std::move(changed));
    for (const auto& tree : trees) {
        relinking.go_through(tree.block);
        if (relinking.is_gone(tree.block.address)) {
            return fail(ErrorKind::damaged, fmt::format("nothing is left of tree {}", objectid_text(tree.id)));
        }
    }
    return relinking.release();
}

} // namespace btrkit::repair
