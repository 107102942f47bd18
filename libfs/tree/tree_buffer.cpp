// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_buffer.h"

#include <cstring>

namespace btrkit {

namespace {

BufferedItem item_of(const btrfs::Key& key, Bytes body) {
    return {key, {body.begin(), body.end()}};
}

BufferedItem item_at(const TreeSearch& search) {
    return item_of(search.key(), search.data());
}

} // namespace

TreeBuffer::TreeBuffer(BlockCache& cache, const std::optional<Promise>& root) : cache_(&cache) {
    if (root) {
        set_root(*root);
    }
}

void TreeBuffer::set_root(const Promise& root) {
    // Who changes files goes back and forth between a directory and its inodes: each search stays at one of them.
    searches_.assign(2, TreeSearch(*cache_, root));
}

/// One that is near, or else the one that was not used last. Null where there is no tree yet.
TreeSearch* TreeBuffer::search_near(const btrfs::Key& key) {
    if (searches_.empty()) {
        return nullptr;
    }
    if (!searches_[last_search_].is_near(key)) {
        last_search_ = 1 - last_search_;
    }
    return &searches_[last_search_];
}

/// Where a body has outgrown its place, the next one is twice as large: who appends again and again pays once.
void TreeBuffer::keep(const btrfs::Key& key, std::optional<Bytes> body) {
    auto& edit = *edits_.try_emplace(key).first;
    if (!body) {
        edit = {};
        return;
    }
    if (edit.body == nullptr || edit.room < body->size()) {
        const std::size_t wanted = std::max(body->size(), 2 * std::size_t{edit.room});
        const auto place = bodies_.take(wanted == 0 ? 1 : wanted);
        edit.body = place.data();
        edit.room = static_cast<u32>(place.size());
        body_bytes_ += place.size();
    }
    if (!body->empty()) { // an empty one may have no address
        std::memmove(edit.body, body->data(), body->size());
    }
    edit.size = static_cast<u32>(body->size());
}

Result<void> TreeBuffer::add(const btrfs::Key& key, Bytes data) {
    put(key, data);
    return {};
}

Result<bool> TreeBuffer::erase(const btrfs::Key& key) {
    bool is_in_tree = false;
    if (auto* search = search_near(key)) {
        BTRKIT_TRY_ASSIGN(is_in_tree, search->find(key));
    }
    const Edit* edit = edits_.find(key);
    const bool was_there = edit != nullptr ? edit->body != nullptr : is_in_tree;
    if (is_in_tree) {
        keep(key, std::nullopt);
    } else {
        edits_.erase(key);
    }
    return was_there;
}

void TreeBuffer::apply(std::span<const ItemEdit> edits) {
    for (const auto& edit : edits) {
        keep(edit.key, edit.body);
    }
}

Result<std::optional<BufferedItem>> TreeBuffer::find(const btrfs::Key& key) {
    if (const Edit* edit = edits_.find(key)) {
        return edit->body != nullptr ? std::optional(item_of(key, *edit->bytes())) : std::nullopt;
    }
    auto* search = search_near(key);
    BTRKIT_TRY_ASSIGN(const bool is_in_tree, search != nullptr ? search->find(key) : Result<bool>(false));
    return is_in_tree ? std::optional(item_at(*search)) : std::nullopt;
}

Result<std::optional<BufferedItem>> TreeBuffer::first_from(const btrfs::Key& key, const btrfs::Key& last) {
    std::optional<BufferedItem> in_tree;
    if (auto* search = search_near(key)) {
        BTRKIT_TRY_ASSIGN(bool is_there, search->seek(key));
        while (is_there && search->key() <= last && is_edited(search->key())) {
            BTRKIT_TRY_ASSIGN(is_there, search->next());
        }
        if (is_there && search->key() <= last) {
            in_tree = item_at(*search);
        }
    }
    const auto end = in_tree ? in_tree->key : last;
    for (auto edit = edits_.lower_bound(key); edit != edits_.end() && edit->key <= end; ++edit) {
        if (edit->value.body != nullptr) {
            return item_of(edit->key, *edit->value.bytes());
        }
    }
    return in_tree;
}

Result<std::optional<BufferedItem>> TreeBuffer::last_up_to(const btrfs::Key& key) {
    std::optional<BufferedItem> in_tree;
    if (auto* search = search_near(key)) {
        BTRKIT_TRY_ASSIGN(bool is_there, search->seek_back(key));
        while (is_there && is_edited(search->key())) {
            if (search->key() == btrfs::Key::min()) {
                is_there = false;
                break;
            }
            BTRKIT_TRY_ASSIGN(is_there, search->seek_back(btrfs::key_before(search->key())));
        }
        if (is_there) {
            in_tree = item_at(*search);
        }
    }
    auto edit = edits_.upper_bound(key);
    while (edit != edits_.begin()) {
        --edit;
        if (edit->value.body != nullptr && (!in_tree || edit->key > in_tree->key)) {
            return item_of(edit->key, *edit->value.bytes());
        }
        if (in_tree && edit->key <= in_tree->key) {
            break;
        }
    }
    return in_tree;
}

std::size_t TreeBuffer::waiting_bytes() const {
    return edits_.size() * sizeof(decltype(edits_)::Entry) + body_bytes_;
}

TakenEdits TreeBuffer::take() {
    TakenEdits taken;
    taken.edits.reserve(edits_.size());
    for (const auto& [key, edit] : edits_) {
        taken.edits.push_back({.key = key, .body = edit.bytes()});
    }
    taken.bodies = std::exchange(bodies_, {});
    edits_.clear();
    body_bytes_ = 0;
    return taken;
}

} // namespace btrkit
