// SPDX-License-Identifier: MIT
// Leaves with hand-made items, and the items as the structured renderers show them.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/render/item_json.h"
#include "libfs/render/item_lines.h"

#include <nlohmann/json.hpp>

#include <cassert>
#include <string>
#include <vector>

namespace btrkit::test {

/// The bytes of a body, put together part by part.
class Body {
public:
    template <class T>
    Body& add(const T& part) {
        const auto bytes = as_bytes_of(part);
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    Body& text(std::string_view part) {
        for (const char c : part) {
            bytes_.push_back(static_cast<std::byte>(c));
        }
        return *this;
    }
    Bytes bytes() const { return bytes_; }

private:
    std::vector<std::byte> bytes_;
};

inline constexpr u32 test_nodesize = 4096;

inline Geometry test_geometry() {
    Geometry geometry;
    geometry.nodesize = test_nodesize;
    geometry.sectorsize = 4096;
    geometry.csum_size_bytes = 4;
    return geometry;
}

/// A leaf of exactly nodesize bytes in memory of its own, so that sanitizers see every byte read beyond it.
class ItemLeaf {
public:
    ItemLeaf() : bytes_(test_nodesize), end_(btrfs::leaf_data_size(test_nodesize)) {
        header().bytenr = 30408704;
        header().generation = 9;
        header().owner = 5;
    }

    ItemLeaf& add(const btrfs::Key& key, Bytes body) {
        assert(end_ >= (count() + 1) * sizeof(btrfs::ItemHeader) + body.size());
        end_ -= static_cast<u32>(body.size());
        std::copy(body.begin(), body.end(), bytes_.begin() + sizeof(btrfs::TreeBlockHeader) + end_);
        return add_header(key, end_, static_cast<u32>(body.size()));
    }
    ItemLeaf& add_header(const btrfs::Key& key, u32 offset, u32 size) {
        items()[count()] = {btrfs::DiskKey::from(key), offset, size};
        header().nritems = count() + 1;
        return *this;
    }
    u32 count() const { return view().header().nritems; }
    BlockView view() const { return BlockView(bytes_); }
    btrfs::TreeBlockHeader& header() { return *reinterpret_cast<btrfs::TreeBlockHeader*>(bytes_.data()); }
    MutableBytes data() { return MutableBytes(bytes_).subspan(sizeof(btrfs::TreeBlockHeader)); }

private:
    btrfs::ItemHeader* items() { return reinterpret_cast<btrfs::ItemHeader*>(data().data()); }

    std::vector<std::byte> bytes_;
    u32 end_; ///< where the bodies begin, counted like their offsets
};

struct RenderedLeaf {
    std::vector<nlohmann::ordered_json> json; ///< an object an item
    std::string json_text;
    std::string lines;
};

/// All items of a leaf in both formats; throws where a line of JSON is none.
inline RenderedLeaf render(const ItemLeaf& leaf, const RenderContext& context) {
    RenderedLeaf rendered;
    TextBuffer out;
    BodyBudget json_budget(test_nodesize);
    BodyBudget line_budget(test_nodesize);
    for (u32 slot = 0; slot < leaf.view().count(); ++slot) {
        out.clear();
        put_item_json(out, leaf.view(), slot, context, json_budget);
        rendered.json_text += out.view();
        rendered.json.push_back(nlohmann::ordered_json::parse(out.view()));
        out.clear();
        put_item_line(out, leaf.view(), slot, context, line_budget);
        rendered.lines += out.view();
    }
    return rendered;
}

inline RenderedLeaf render_item(const btrfs::Key& key, Bytes body, bool hide_names = false, bool csum_items = false) {
    const Geometry geometry = test_geometry();
    const RenderContext context{geometry, hide_names, csum_items, btrfs::fs_tree_id};
    return render(ItemLeaf().add(key, body), context);
}

} // namespace btrkit::test
