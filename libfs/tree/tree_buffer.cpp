// SPDX-License-Identifier: MIT
#include "libfs/tree/tree_buffer.h"

namespace btrkit {

namespace {

BufferedItem item_at(const TreeSearch& search) {
    return {search.key(), {search.data().begin(), search.data().end()}};
}

/// What an edit takes: a node of the map, and the body.
std::size_t waiting_bytes_of(const std::optional<std::vector<std::byte>>& body) {
    constexpr std::size_t node_bytes = 100;
    return node_bytes + (body ? body->size() : 0);
}

} // namespace

TreeBuffer::TreeBuffer(BlockCache& cache, const std::optional<Promise>& root) : cache_(&cache) {
    if (root) {
        set_root(*root);
    }
}

void TreeBuffer::set_root(const Promise& root) {
    search_.emplace(*cache_, root);
}

void TreeBuffer::put(const btrfs::Key& key, std::vector<std::byte> body) {
    keep(key, std::move(body));
}

void TreeBuffer::keep(const btrfs::Key& key, std::optional<std::vector<std::byte>> body) {
    const auto [edit, is_new] = edits_.try_emplace(key);
    waiting_bytes_ -= is_new ? 0 : waiting_bytes_of(edit->second);
    edit->second = std::move(body);
    waiting_bytes_ += waiting_bytes_of(edit->second);
}

Result<void> TreeBuffer::add(const btrfs::Key& key, Bytes data) {
    put(key, data);
    return {};
}

Result<bool> TreeBuffer::erase(const btrfs::Key& key) {
    bool is_in_tree = false;
    if (search_) {
        BTRKIT_TRY_ASSIGN(is_in_tree, search_->find(key));
    }
    const auto edit = edits_.find(key);
    const bool was_there = edit != edits_.end() ? edit->second.has_value() : is_in_tree;
    if (is_in_tree) {
        keep(key, std::nullopt);
    } else if (edit != edits_.end()) {
        waiting_bytes_ -= waiting_bytes_of(edit->second);
        edits_.erase(edit);
    }
    return was_there;
}

void TreeBuffer::apply(std::vector<ItemEdit> edits) {
    for (auto& edit : edits) {
        keep(edit.key, std::move(edit.body));
    }
}

Result<std::optional<BufferedItem>> TreeBuffer::find(const btrfs::Key& key) {
    if (const auto edit = edits_.find(key); edit != edits_.end()) {
        return edit->second ? std::optional(BufferedItem{key, *edit->second}) : std::nullopt;
    }
    bool is_in_tree = false;
    if (search_) {
        BTRKIT_TRY_ASSIGN(is_in_tree, search_->find(key));
    }
    return is_in_tree ? std::optional(item_at(*search_)) : std::nullopt;
}

Result<std::optional<BufferedItem>> TreeBuffer::first_from(const btrfs::Key& key) {
    std::optional<BufferedItem> in_tree;
    if (search_) {
        BTRKIT_TRY_ASSIGN(bool is_there, search_->seek(key));
        while (is_there && is_edited(search_->key())) {
            BTRKIT_TRY_ASSIGN(is_there, search_->next());
        }
        if (is_there) {
            in_tree = item_at(*search_);
        }
    }
    auto edit = edits_.lower_bound(key);
    while (edit != edits_.end() && !edit->second) {
        ++edit;
    }
    if (edit != edits_.end() && (!in_tree || edit->first < in_tree->key)) {
        return BufferedItem{edit->first, *edit->second};
    }
    return in_tree;
}

Result<std::optional<BufferedItem>> TreeBuffer::last_up_to(const btrfs::Key& key) {
    std::optional<BufferedItem> in_tree;
    if (search_) {
        BTRKIT_TRY_ASSIGN(bool is_there, search_->seek_back(key));
        while (is_there && is_edited(search_->key())) {
            if (search_->key() == btrfs::Key::min()) {
                is_there = false;
                break;
            }
            BTRKIT_TRY_ASSIGN(is_there, search_->seek_back(btrfs::key_before(search_->key())));
        }
        if (is_there) {
            in_tree = item_at(*search_);
        }
    }
    auto edit = edits_.upper_bound(key);
    while (edit != edits_.begin()) {
        --edit;
        if (edit->second && (!in_tree || edit->first > in_tree->key)) {
            return BufferedItem{edit->first, *edit->second};
        }
        if (in_tree && edit->first <= in_tree->key) {
            break;
        }
    }
    return in_tree;
}

std::vector<ItemEdit> TreeBuffer::take() {
    std::vector<ItemEdit> edits;
    edits.reserve(edits_.size());
    for (auto& [key, body] : edits_) {
        edits.push_back({.key = key, .body = std::move(body)});
    }
    edits_.clear();
    waiting_bytes_ = 0;
    return edits;
}

} // namespace btrkit
