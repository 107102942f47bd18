// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/names/root_directory.h"

#include "formats/btrfs/dir.h"
#include "formats/btrfs/item_types.h"
#include "libfs/base/checksum.h"
#include "libfs/base/item_buffer.h"
#include "libfs/edit/new_inode.h"
#include "libfs/ops/repair/each_item.h"
#include "libfs/ops/repair/fixes.h"
#include "libfs/ops/repair/names/top_directory.h"
#include "libfs/survey/read_roots.h"

namespace btrkit::repair {

namespace {

namespace type = btrfs::item_type;

constexpr u64 own_id = btrfs::root_tree_dir_id;
constexpr std::string_view entry_name = "default";
constexpr btrfs::Key name_key = {btrfs::fs_tree_id, type::inode_ref, own_id};

std::vector<std::byte> name_body(std::string_view name) {
    const btrfs::InodeRef head = {.index = 0, .name_len = static_cast<u16>(name.size())};
    return ItemBuffer().add(head).add_text(name).release();
}

std::vector<std::byte> entry_body(u64 subvolume, u64 generation) {
    const btrfs::DirItem head = {.location = btrfs::DiskKey::from({subvolume, type::root_item, ~u64{0}}),
                                 .transid = generation,
                                 .data_len = 0,
                                 .name_len = static_cast<u16>(entry_name.size()),
                                 .type = static_cast<u8>(btrfs::FileType::directory)};
    return ItemBuffer().add(head).add_text(entry_name).release();
}

btrfs::InodeItem inode_of(const Transaction& transaction, Time now) {
    auto inode = new_top_directory(transaction.generation(), now);
    inode.nbytes = transaction.geometry().nodesize;
    return inode_item_of(inode);
}

/// What the entry says, if it can be.
u64 default_subvolume(const survey::Roots& roots) {
    const u64 id = roots.default_subvolume ? roots.default_subvolume->id : btrfs::fs_tree_id;
    const auto* record = roots.find(id);
    return record != nullptr && record->is_subvolume() && !record->is_dropping() ? id : btrfs::fs_tree_id;
}

} // namespace

bool is_about_root_directory(const Problem& problem) {
    const auto& key = problem.place.key;
    const bool is_of_item = problem.code >= ProblemCode::item_size && problem.code <= ProblemCode::item_dir_hash;
    return is_of_item && problem.place.tree == btrfs::root_tree_id && key &&
           (key->objectid == own_id || *key == name_key);
}

Result<void> make_root_directory(Transaction& transaction, const FindingList&, Round& round) {
    const u64 subvolume = default_subvolume(survey::read_roots(transaction.committed(), {}));
    BTRKIT_TRY_ASSIGN(auto* tree, transaction.tree(btrfs::root_tree_id));
    const auto all = KeyRange::through({own_id, 0, 0}, {own_id, 0xff, ~u64{0}});
    BTRKIT_TRY(for_each_item(*tree, all, [&](const BufferedItem& item) { return tree->erase(item.key); }));
    const u64 hash = name_hash(std::as_bytes(std::span(entry_name)));
    const auto inode = inode_of(transaction, round.now());
    tree->put({own_id, type::inode_item, 0}, ItemBuffer().add(inode).release());
    tree->put({own_id, type::inode_ref, own_id}, name_body(".."));
    tree->put({own_id, type::dir_item, hash}, entry_body(subvolume, transaction.generation()));
    tree->put(name_key, name_body(entry_name));
    return {};
}

} // namespace btrkit::repair
