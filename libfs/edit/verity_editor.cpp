// SPDX-License-Identifier: MIT
#include "libfs/edit/verity_editor.h"

#include "formats/btrfs/item_types.h"
#include "libfs/edit/merkle_tree.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit {

namespace {

namespace type = btrfs::item_type;

/// Kernels with larger pages take larger blocks, but others could not read such files then.
constexpr u32 most_block_bytes = 4096;
/// What is read in one piece: whole blocks, whatever their size.
constexpr u64 most_read_bytes = mib;

std::unexpected<Error> no_verity(std::string why) {
    return fail(ErrorKind::refused, std::move(why));
}

Result<void> may_be_wished(const VerityWish& wish, u32 sectorsize) {
    if (btrfs::find_fsverity_hash(wish.algorithm) == nullptr) {
        return fail(ErrorKind::unsupported, fmt::format("fs-verity has no hash algorithm {}", wish.algorithm));
    }
    if (!std::has_single_bit(wish.block_bytes)) {
        return fail(ErrorKind::usage,
                    fmt::format("blocks of fs-verity can't have {} bytes: it is no power of two", wish.block_bytes));
    }
    const u32 most = std::min(most_block_bytes, sectorsize);
    if (wish.block_bytes < btrfs::min_fsverity_block_bytes || wish.block_bytes > most) {
        return fail(ErrorKind::unsupported, fmt::format("blocks of fs-verity have {} to {} bytes here, not {}",
                                                        btrfs::min_fsverity_block_bytes, most, wish.block_bytes));
    }
    if (wish.salt.size() > btrfs::max_fsverity_salt_bytes) {
        return fail(ErrorKind::usage, fmt::format("a salt of {} bytes is too long for fs-verity, which takes {}",
                                                  wish.salt.size(), btrfs::max_fsverity_salt_bytes));
    }
    if (wish.signature.size() > btrfs::max_fsverity_signature_bytes) {
        return fail(ErrorKind::usage, fmt::format("a signature of {} bytes is too long for fs-verity, which takes {}",
                                                  wish.signature.size(), btrfs::max_fsverity_signature_bytes));
    }
    return {};
}

Result<void> may_have_verity(const InodeEditor& inodes, const Inode& inode) {
    if (!S_ISREG(inode.mode)) {
        return no_verity("it is no regular file");
    }
    if (inodes.is_protected(inode, btrfs::inode_immutable | btrfs::inode_append)) {
        return no_verity("it is immutable or append-only (chattr -ia first)");
    }
    if ((inode.flags & btrfs::inode_ro_verity) != 0) {
        return no_verity("it is protected by fs-verity already");
    }
    return {};
}

/// Of an attempt that was interrupted. Its orphan item must go too: a kernel that finds it takes all verity items out.
/// That of a file without a name means that the file is to be deleted.
Result<void> take_leftovers_out(TreeBuffer& tree, const Inode& inode) {
    btrfs::Key from = {inode.number, type::verity_desc_item, 0};
    for (;;) {
        BTRKIT_TRY_ASSIGN(const auto item, tree.first_from(from));
        if (!item || item->key.objectid != inode.number || item->key.type > type::verity_merkle_item) {
            break;
        }
        BTRKIT_TRY(tree.erase(item->key));
        from = btrfs::next_key(item->key);
    }
    if (inode.nlink > 0) {
        BTRKIT_TRY(tree.erase({btrfs::orphan_objectid, type::orphan_item, inode.number}));
    }
    return {};
}

/// In pieces as the kernel makes them.
void put_pieces(TreeBuffer& tree, btrfs::Key key, Bytes bytes) {
    while (!bytes.empty()) {
        const Bytes piece = bytes.first(std::min<u64>(bytes.size(), btrfs::max_verity_item_bytes));
        tree.put(key, piece);
        key.offset += piece.size();
        bytes = bytes.subspan(piece.size());
    }
}

/// The hash of the tree's root.
Result<FsverityHashBytes> put_hashes(TreeBuffer& tree, Transaction& transaction, FileDataEditor& data,
                                     const PlaceInTree& file, u64 file_bytes, const VerityWish& wish) {
    const auto put = [&](u64 offset, Bytes block) {
        put_pieces(tree, {file.inode, type::verity_merkle_item, offset}, block);
    };
    BTRKIT_TRY_ASSIGN(auto hashes, MerkleTree::begin({.hash = btrfs::FsverityHash{wish.algorithm},
                                                      .block_bytes = wish.block_bytes,
                                                      .salt = wish.salt},
                                                     file_bytes, put));
    std::vector<std::byte> buffer;
    for (u64 offset = 0; offset < file_bytes; offset += buffer.size()) {
        buffer.resize(std::min(most_read_bytes, round_up(file_bytes - offset, wish.block_bytes)));
        BTRKIT_TRY(data.read(file, offset, buffer));
        for (Bytes rest = buffer; !rest.empty(); rest = rest.subspan(wish.block_bytes)) {
            hashes.add(rest.first(wish.block_bytes));
        }
        BTRKIT_TRY(transaction.relieve());
    }
    return hashes.finish();
}

void put_descriptor(TreeBuffer& tree, u64 inode, u64 file_bytes, const FsverityHashBytes& root_hash,
                    const VerityWish& wish) {
    btrfs::FsverityDescriptor descriptor{.version = 1,
                                         .hash_algorithm = wish.algorithm,
                                         .log_blocksize = static_cast<u8>(std::countr_zero(wish.block_bytes)),
                                         .salt_size = static_cast<u8>(wish.salt.size()),
                                         .sig_size = static_cast<u32>(wish.signature.size()),
                                         .data_size = file_bytes,
                                         .root_hash = root_hash};
    std::ranges::copy(wish.salt, std::as_writable_bytes(std::span(descriptor.salt)).begin());
    const Bytes fixed = as_bytes_of(descriptor);
    std::vector<std::byte> whole(fixed.begin(), fixed.end());
    whole.insert(whole.end(), wish.signature.begin(), wish.signature.end());
    const btrfs::VerityDescriptorItem head{.size = whole.size()};
    tree.put({inode, type::verity_desc_item, 0}, as_bytes_of(head));
    put_pieces(tree, {inode, type::verity_desc_item, btrfs::verity_descriptor_offset}, whole);
}

} // namespace

Result<void> enable_verity(InodeEditor& inodes, FileDataEditor& data, const PlaceInTree& file, const VerityWish& wish) {
    auto& transaction = inodes.transaction();
    BTRKIT_TRY(may_be_wished(wish, transaction.geometry().sectorsize));
    BTRKIT_TRY_ASSIGN(auto* tree, inodes.writable_tree(file.tree));
    BTRKIT_TRY_ASSIGN(const auto inode, inodes.get(file));
    BTRKIT_TRY(may_have_verity(inodes, inode));
    BTRKIT_TRY(take_leftovers_out(*tree, inode));
    BTRKIT_TRY_ASSIGN(const auto root_hash, put_hashes(*tree, transaction, data, file, inode.size, wish));
    put_descriptor(*tree, file.inode, inode.size, root_hash, wish);
    BTRKIT_TRY(inodes.change(file, [](btrfs::InodeItem& item) { item.flags = item.flags | btrfs::inode_ro_verity; }));
    transaction.add_compat_ro(btrfs::compat_ro_verity);
    return {};
}

} // namespace btrkit
