// SPDX-License-Identifier: MIT
#include "libfs/replay/replay_log.h"

#include "formats/btrfs/item_types.h"
#include "libfs/replay/replayed_data.h"
#include "libfs/replay/replayed_names.h"

#include <sys/stat.h>

namespace btrkit::replay {

namespace {

namespace type = btrfs::item_type;

/// The log of one subvolume on its way into it.
class SubvolumeReplay {
public:
    SubvolumeReplay(Transaction& transaction, u64 id, TreeBuffer& tree, const TreeRoot& log, AdoptedExtents& adopted)
        : transaction_(&transaction), log_(transaction.committed(), log), names_(tree, transaction.geometry(), log_),
          data_(transaction, id, tree, log_, adopted) {}

    Result<void> run() {
        BTRKIT_TRY(pass([this](const BufferedItem& item) { return put_inode(item); }));
        BTRKIT_TRY(pass([this](const BufferedItem& item) {
            return item.key.type == type::dir_index ? names_.put_entry(item) : Result<void>{};
        }));
        BTRKIT_TRY(pass([this](const BufferedItem& item) { return put_rest(item); }));
        BTRKIT_TRY(data_.settle());
        return names_.settle();
    }

    u64 inode_count() const { return inode_count_; }

private:
    template <class PutItem>
    Result<void> pass(PutItem put_item) {
        return log_.for_each([&](const BufferedItem& item) -> Result<void> {
            if (!nameless_.contains(item.key.objectid)) {
                BTRKIT_TRY(put_item(item));
            }
            return transaction_->relieve();
        });
    }

    Result<void> put_inode(const BufferedItem& item) {
        const auto* inode = view_at<btrfs::InodeItem>(item.body);
        if (item.key.type != type::inode_item || inode == nullptr) {
            return {};
        }
        if (inode->nlink == 0) {
            // It was synced without ever having had a name.
            nameless_.insert(item.key.objectid);
            return {};
        }
        ++inode_count_;
        names_.recount(item.key.objectid);
        if (S_ISDIR(inode->mode)) {
            BTRKIT_TRY(names_.remove_deleted(item.key.objectid));
        }
        return data_.put_inode(item);
    }

    Result<void> put_rest(const BufferedItem& item) {
        switch (item.key.type) {
        case type::xattr_item: data_.put_xattrs(item); return {};
        case type::inode_ref:
        case type::inode_extref: return names_.put_refs(item);
        case type::extent_data: return data_.put_extent(item);
        default: return {};
        }
    }

    Transaction* transaction_;
    LogTree log_;
    ReplayedNames names_;
    ReplayedData data_;
    std::set<u64> nameless_;
    u64 inode_count_ = 0;
};

/// Null where the subvolume is gone, or is being deleted.
Result<TreeBuffer*> subvolume_of(Transaction& transaction, u64 id) {
    const auto root = transaction.committed().find_tree(id);
    if (!root && root.error().kind == ErrorKind::not_found) {
        return nullptr;
    }
    BTRKIT_TRY(root);
    BTRKIT_TRY_ASSIGN(auto* roots, transaction.tree(btrfs::root_tree_id));
    BTRKIT_TRY_ASSIGN(const auto item, roots->find(root->root_key));
    const auto* body = item ? view_at<btrfs::RootItem>(item->body) : nullptr;
    return body != nullptr && body->refs == 0 ? nullptr : transaction.tree(id);
}

} // namespace

Result<ReplayedLog> replay_log(Transaction& transaction) {
    ReplayedLog replayed;
    const auto logs = transaction.committed().log_root_tree();
    if (!logs) {
        return replayed;
    }
    AdoptedExtents adopted;
    LogTree roots(transaction.committed(), *logs);
    BTRKIT_TRY(roots.for_each([&](const BufferedItem& item) -> Result<void> {
        const auto root = item.key.type == type::root_item ? parse_root_item(item.key, item.body) : std::nullopt;
        if (!root) {
            return {};
        }
        const u64 id = item.key.offset;
        BTRKIT_TRY_ASSIGN(auto* tree, subvolume_of(transaction, id));
        if (tree == nullptr) {
            return {};
        }
        SubvolumeReplay replay(transaction, id, *tree, *root, adopted);
        BTRKIT_TRY(replay.run());
        ++replayed.subvolume_count;
        replayed.inode_count += replay.inode_count();
        return {};
    }));
    drop_log(transaction);
    return replayed;
}

void drop_log(Transaction& transaction) {
    transaction.edit_superblocks([](btrfs::Superblock& super) -> Result<void> {
        super.log_root = 0;
        super.log_root_transid = 0;
        super.log_root_level = 0;
        return {};
    });
}

} // namespace btrkit::replay
