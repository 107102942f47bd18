// SPDX-License-Identifier: MIT
#include "libfs/relocate/graph_rewriter.h"

#include "libfs/tree/open_block.h"
#include "libfs/volume/stripe_map.h"

#include <fmt/format.h>

namespace btrkit {

/// Blocks in the place of one: what they have from it, where they go, and what was made.
class GraphRewriter::Writer final : public BlockSink {
public:
    Writer(GraphRewriter& rewriter, const btrfs::TreeBlockHeader& old, u8 level)
        : rewriter_(rewriter), old_(old), level_(level), open_(rewriter.committed_.geometry().nodesize) {}

    /// All of them, evenly.
    Result<void> add_items(std::span<const LeafItem> items) {
        const auto size_of = [](const LeafItem& item) { return sizeof(btrfs::ItemHeader) + item.body.size(); };
        std::size_t rest = 0;
        for (const auto& item : items) {
            rest += size_of(item);
        }
        const std::size_t room = btrfs::leaf_data_size(nodesize());
        std::size_t wanted = 0; ///< in the open leaf
        std::size_t filled = 0;
        for (const auto& item : items) {
            if (!open_.is_empty() && (filled >= wanted || !open_.has_room_for_item(item.body.size()))) {
                BTRKIT_TRY(close());
            }
            if (open_.is_empty()) {
                filled = 0;
                wanted = rest / ((rest + room - 1) / room);
            }
            open_.add_item(item.key, item.body);
            filled += size_of(item);
            rest -= size_of(item);
        }
        return open_.is_empty() ? Result<void>() : close();
    }
    Result<void> add_items_of(const TreeBlock& leaf) {
        if (leaf.count() > 0) {
            open_.add_items(leaf, 0, leaf.count());
        }
        return close();
    }
    /// The same of pointers.
    Result<void> add_pointers(std::span<const btrfs::KeyPointer> pointers) {
        const std::size_t capacity = btrfs::node_capacity(nodesize());
        while (!pointers.empty()) {
            const std::size_t nodes = (pointers.size() + capacity - 1) / capacity;
            const auto own = pointers.first((pointers.size() + nodes - 1) / nodes);
            for (const auto& pointer : own) {
                open_.add_pointer(pointer.key.to_key(), {pointer.blockptr}, pointer.generation);
            }
            BTRKIT_TRY(close());
            pointers = pointers.subspan(own.size());
        }
        return {};
    }

    std::span<const Piece> pieces() const { return pieces_; }
    std::vector<BlockView> blocks() const {
        std::vector<BlockView> views;
        views.reserve(blocks_.size());
        for (const auto& bytes : blocks_) {
            views.emplace_back(bytes);
        }
        return views;
    }

private:
    u32 nodesize() const { return rewriter_.committed_.geometry().nodesize; }

    Result<void> close() {
        const TreeIdentity identity = {
            .tree = old_.owner, .generation = old_.generation, .chunk_tree_uuid = old_.chunk_tree_uuid};
        BTRKIT_TRY_ASSIGN(const auto built, open_.emit(rewriter_.committed_.geometry(), identity, level_, *this));
        pieces_.push_back({.first_key = built.first_key, .at = built.address});
        return {};
    }

    Result<Logical> place(u64 tree, u8 /*level*/) override { return rewriter_.place(tree, old_.generation); }

    Result<void> take(const BuiltBlock& block, MutableBytes bytes) override {
        reinterpret_cast<btrfs::TreeBlockHeader*>(bytes.data())->flags = old_.flags;
        auto& workspace = rewriter_.workspace_;
        BTRKIT_TRY_ASSIGN(auto parts, workspace.writer_to_untouched(block.address).parts(block.address, bytes.size()));
        BTRKIT_TRY(rewriter_.writes_.push(block, bytes, std::move(parts)));
        workspace.cache.forget(block.address.bytenr);
        workspace.moved_blocks.insert(range_from(block.address.bytenr, bytes.size()));
        blocks_.emplace_back(bytes.begin(), bytes.end());
        ++rewriter_.written_count_;
        return {};
    }

    GraphRewriter& rewriter_;
    const btrfs::TreeBlockHeader old_;
    u8 level_;
    OpenBlock open_;
    std::vector<Piece> pieces_;
    std::vector<std::vector<std::byte>> blocks_;
};

Result<void> GraphRewriter::rewrite_tree(const TreeRoot& root) {
    BTRKIT_TRY_ASSIGN(const auto outcome, rewrite(root.block));
    if (outcome.is_same) {
        return {};
    }
    const auto pieces = std::span(pieces_).subspan(outcome.first_piece, outcome.piece_count);
    if (pieces.empty()) {
        return fail_as_bug(fmt::format("nothing is left of tree {}", root.id));
    }
    TreeRoot now = root;
    now.block.address = pieces.front().at;
    auto blocks_change = outcome.blocks_change;
    if (pieces.size() > 1) {
        const OwnedBlock old(committed_.reader(), root.block);
        if (!old.is_proven()) {
            return fail(ErrorKind::damaged, describe(lost_range(root.block)));
        }
        BTRKIT_TRY(raise(now, old.block().header(), {pieces.begin(), pieces.end()}, blocks_change));
    }
    change_.moved_root(root.id, root.block.address, now.block.address);
    auto& open = workspace_.trees.add(now);
    open.root_item_is_behind = true;
    open.blocks_change += blocks_change;
    return {};
}

/// Lays nodes above what was the tree's root, until one is alone.
Result<void> GraphRewriter::raise(TreeRoot& root, const btrfs::TreeBlockHeader& header, std::vector<Piece> pieces,
                                  std::int64_t& blocks_change) {
    u8 level = header.level;
    while (pieces.size() > 1) {
        if (++level >= btrfs::max_level_count) {
            return fail(ErrorKind::no_space,
                        fmt::format("tree {} would need more than {} levels", root.id, btrfs::max_level_count));
        }
        std::vector<btrfs::KeyPointer> pointers;
        pointers.reserve(pieces.size());
        for (const auto& piece : pieces) {
            pointers.push_back({.key = btrfs::DiskKey::from(piece.first_key),
                                .blockptr = piece.at.bytenr,
                                .generation = header.generation});
        }
        Writer writer(*this, header, level);
        BTRKIT_TRY(writer.add_pointers(pointers));
        for (const auto& node : writer.blocks()) {
            BTRKIT_TRY(change_.raised(root.id, node));
        }
        pieces.assign(writer.pieces().begin(), writer.pieces().end());
        blocks_change += static_cast<std::int64_t>(pieces.size());
    }
    root.block.address = pieces.front().at;
    root.block.level = level;
    return {};
}

Result<GraphRewriter::Outcome> GraphRewriter::rewrite(const Promise& promise) {
    if (const auto found = outcomes_.find(promise.address.bytenr); found != outcomes_.end()) {
        return found->second;
    }
    const OwnedBlock owned(committed_.reader(), promise);
    if (!owned.is_proven()) {
        return fail(ErrorKind::damaged, describe(lost_range(promise)));
    }
    const TreeBlock& block = owned.block();
    BTRKIT_TRY_ASSIGN(const auto outcome, block.is_leaf() ? rewrite_leaf(block) : rewrite_node(block, promise));
    outcomes_.emplace(promise.address.bytenr, outcome);
    return outcome;
}

Result<GraphRewriter::Outcome> GraphRewriter::rewrite_leaf(const TreeBlock& leaf) {
    BTRKIT_TRY_ASSIGN(const auto items, change_.changed_items(leaf));
    if (!items && !change_.must_leave({leaf.header().bytenr})) {
        return Outcome{};
    }
    Writer writer(*this, leaf.header(), 0);
    BTRKIT_TRY(items ? writer.add_items(*items) : writer.add_items_of(leaf));
    return finish(leaf, writer, 0);
}

Result<GraphRewriter::Outcome> GraphRewriter::rewrite_node(const TreeBlock& node, const Promise& promise) {
    std::vector<btrfs::KeyPointer> pointers;
    pointers.reserve(node.count());
    std::int64_t blocks_change = 0;
    bool is_same = true;
    for (u32 slot = 0; slot < node.count(); ++slot) {
        BTRKIT_TRY_ASSIGN(const auto child, rewrite(child_promise(node, slot, promise)));
        if (child.is_same) {
            pointers.push_back(node.pointer(slot));
            continue;
        }
        is_same = false;
        blocks_change += child.blocks_change;
        for (const auto& piece : std::span(pieces_).subspan(child.first_piece, child.piece_count)) {
            pointers.push_back({.key = btrfs::DiskKey::from(piece.first_key),
                                .blockptr = piece.at.bytenr,
                                .generation = node.pointer(slot).generation});
        }
    }
    if (is_same && !change_.must_leave(promise.address)) {
        return Outcome{};
    }
    Writer writer(*this, node.header(), node.header().level);
    BTRKIT_TRY(writer.add_pointers(pointers));
    return finish(node, writer, blocks_change);
}

Result<GraphRewriter::Outcome> GraphRewriter::finish(const TreeBlock& old, const Writer& writer,
                                                     std::int64_t blocks_change) {
    const auto pieces = writer.pieces();
    const Outcome outcome = {.is_same = false,
                             .piece_count = static_cast<u32>(pieces.size()),
                             .first_piece = pieces_.size(),
                             .blocks_change = blocks_change + static_cast<std::int64_t>(pieces.size()) - 1};
    pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
    BTRKIT_TRY(change_.replaced(old, writer.blocks()));
    if (change_.wants_relief()) {
        BTRKIT_TRY(let_go_of_unfit());
        BTRKIT_TRY(change_.relieve());
    }
    return outcome;
}

std::optional<u64> GraphRewriter::find(u64 address) const {
    const auto found = outcomes_.find(address);
    if (found == outcomes_.end() || found->second.is_same || found->second.piece_count != 1) {
        return std::nullopt;
    }
    return pieces_[found->second.first_piece].at.bytenr;
}

/// Whether any copy at that address already has a header of this filesystem with it, and with that generation.
bool GraphRewriter::has_twin(Logical at, u64 generation) const {
    const Chunk* chunk = workspace_.filesystem.volume().chunks().find(at);
    btrfs::TreeBlockHeader header;
    for (unsigned mirror = 1; mirror <= stored_copies(*chunk); ++mirror) {
        const MutableBytes out(reinterpret_cast<std::byte*>(&header), sizeof(header));
        const bool is_read = workspace_.filesystem.volume().read(at, out, mirror).has_value();
        if (!is_read || (header.bytenr == at.bytenr && header.generation == generation)) {
            return true;
        }
    }
    return false;
}

Result<Logical> GraphRewriter::place(u64 owner, u64 generation) {
    for (bool was_let_go = unfit_.empty();;) {
        auto at = workspace_.space.take_block(owner);
        if (!at && at.error().kind == ErrorKind::no_space && !was_let_go) {
            BTRKIT_TRY(let_go_of_unfit());
            was_let_go = true;
            continue;
        }
        if (!at || !has_twin(*at, generation)) {
            return at;
        }
        unfit_.push_back(range_from(at->bytenr, committed_.geometry().nodesize));
    }
}

Result<void> GraphRewriter::let_go_of_unfit() {
    for (const Range range : std::exchange(unfit_, {})) {
        BTRKIT_TRY(workspace_.space.release(range));
    }
    return {};
}

Result<void> GraphRewriter::finish() {
    BTRKIT_TRY(let_go_of_unfit());
    return writes_.finish();
}

} // namespace btrkit
