// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/lost/new_block.h"

#include "formats/btrfs/flags.h"

namespace btrkit::repair {

namespace {

/// All blocks have it.
btrfs::Uuid chunk_tree_uuid_of(const Filesystem& filesystem) {
    for (const auto& root : {filesystem.root_tree().block, filesystem.chunk_tree().block}) {
        const OwnedBlock block(filesystem.reader(), root);
        if (block.is_proven()) {
            return block.block().header().chunk_tree_uuid;
        }
    }
    return {};
}

std::vector<std::byte> bytes_of(OpenBlock& contents) {
    return {contents.bytes().begin(), contents.bytes().end()};
}

} // namespace

BlockMaker::BlockMaker(const Filesystem& filesystem)
    : filesystem_(&filesystem), chunk_tree_uuid_(chunk_tree_uuid_of(filesystem)) {}

std::optional<MendedBlock> BlockMaker::make(const LostBlock& lost, OpenBlock& contents, std::string what) const {
    const auto& geometry = filesystem_->geometry();
    const TreeIdentity identity = {
        .tree = lost.likely_owner(), .generation = *lost.promise.generation, .chunk_tree_uuid = chunk_tree_uuid_};
    contents.complete(geometry, identity, lost.level(), lost.promise.address);
    auto bytes = bytes_of(contents);
    if (lost.is_full_backref) {
        auto& header = *reinterpret_cast<btrfs::TreeBlockHeader*>(bytes.data());
        header.flags = header.flags | btrfs::header_flag_reloc; // it may be shared, however young it is
    }
    auto block = sealed(geometry, lost.promise.address, std::move(bytes), std::move(what));
    Problems problems;
    return TreeBlock::prove(block.bytes, geometry, lost.promise, problems) ? std::optional(std::move(block))
                                                                           : std::nullopt;
}

MendedBlock BlockMaker::remake(const TreeBlock& block, OpenBlock& contents, std::string what) const {
    auto header = block.header();
    header.nritems = contents.count();
    header.flags = possible_flags(header.flags, filesystem_->geometry());
    std::memcpy(contents.bytes().data(), &header, sizeof(header));
    return sealed(filesystem_->geometry(), {header.bytenr}, bytes_of(contents), std::move(what));
}

} // namespace btrkit::repair
