// SPDX-License-Identifier: MIT
#include "libfs/ops/dump/block_copies.h"

#include "libfs/base/names.h"
#include "libfs/render/json_text.h"
#include "libfs/render/problem_json.h"
#include "libfs/tree/tree_block.h"
#include "libfs/volume/stripe_map.h"

#include <fmt/format.h>

namespace btrkit::dump_tree {

namespace {

struct Copy {
    unsigned mirror = 0;
    std::vector<std::byte> bytes;
    Result<void> read = {};
    Problems problems = {}; ///< what speaks against it; of one that could not be read, nothing

    bool is_good() const { return read && problems.empty(); }
};

std::string type_text(const Chunk& chunk) {
    TextBuffer type;
    put_flags(type, chunk.type, btrfs::block_group_flag_names);
    return std::string(type.view());
}

class Copies {
public:
    Copies(const Filesystem& filesystem, const Options& options, Logical address, const Chunk& chunk, Counts& counts)
        : volume_(filesystem.volume()), options_(options), address_(address), chunk_(chunk), counts_(counts) {}

    unsigned count() const { return mirror_count(chunk_); }

    Copy read(unsigned mirror) const {
        Copy copy{.mirror = mirror, .bytes = std::vector<std::byte>(volume_.geometry().nodesize)};
        copy.read = volume_.read(address_, copy.bytes, mirror);
        if (copy.read) {
            TreeBlock::prove(copy.bytes, volume_.geometry(), {.address = address_}, copy.problems);
        }
        for (auto& problem : copy.problems) {
            problem.place.mirror = mirror;
        }
        return copy;
    }

    /// Of other bytes nothing could be told.
    bool is_tree_block(const Copy& copy) const {
        const auto& header = BlockView(copy.bytes).header();
        return copy.read && (header.bytenr == address_.bytenr || volume_.geometry().owns_fsid(header.fsid));
    }

    void put(TextBuffer& out, const Copy& copy) {
        if (options_.format != Format::lines) {
            out.put(options_.format == Format::json ? copy_json(copy) : text_line(copy));
        }
        if (is_tree_block(copy)) {
            const BlockView block(copy.bytes);
            const RenderContext context{.geometry = volume_.geometry(),
                                        .hide_names = options_.hide_names,
                                        .csum_items = options_.csum_items,
                                        .tree = block.header().owner};
            TreeText tree_text({options_.csum_headers});
            BlockRenderer(options_, context, tree_text).put(out, block, address_, counts_);
        }
    }

private:
    std::optional<Physical> place(const Copy& copy) const {
        return is_rebuilt(chunk_, copy.mirror)
                   ? std::nullopt
                   : std::optional(map_stripe(chunk_, address_, copy.bytes.size(), copy.mirror).physical);
    }

    std::string text_line(const Copy& copy) const {
        std::string where = "rebuilt from parity";
        if (const auto at = place(copy)) {
            const auto* device = volume_.device_of(at->devid);
            where = fmt::format("device {} ({}) offset {}", at->devid,
                                device == nullptr ? "not given" : printable(device->name()), at->offset);
        }
        std::string state = copy.is_good() ? "good" : "bad";
        if (!copy.read) {
            state = "can't be read: " + copy.read.error().message;
        } else if (!is_tree_block(copy)) {
            state = "no tree block";
        }
        for (const auto& problem : copy.problems) {
            const auto& info = problem_info(problem.code);
            state +=
                fmt::format("; [{}] {}{}{}", info.id, info.meaning, problem.detail.empty() ? "" : ": ", problem.detail);
        }
        return fmt::format("block {} copy {} of {}, {}: {}\n", address_.bytenr, copy.mirror, count(), where, state);
    }

    std::string copy_json(const Copy& copy) const {
        const auto at = place(copy);
        const auto* device = at ? volume_.device_of(at->devid) : nullptr;
        Json line{{"block", address_.bytenr},
                  {"mirror", copy.mirror},
                  {"mirrors", count()},
                  {"devid", at ? Json(at->devid) : Json()},
                  {"path", nullptr},
                  {"path_hex", nullptr},
                  {"physical", at ? Json(at->offset) : Json()}};
        if (device != nullptr) {
            set_text(line, "path", device->name());
        }
        line["state"] = copy.is_good() ? "good" : copy.read ? "bad" : "unreadable";
        line["findings"] = problems_json(copy.problems);
        return json_line(std::move(line));
    }

    const Volume& volume_;
    const Options& options_;
    Logical address_;
    const Chunk& chunk_;
    Counts& counts_;
};

} // namespace

std::string show_copies(const Filesystem& filesystem, const Options& options, Logical address, WhichCopies which,
                        Counts& counts, Problems& problems) {
    const Chunk* chunk = filesystem.volume().chunks().find(address);
    if (chunk == nullptr) {
        return {}; // it is told where the block is read
    }
    Copies copies(filesystem, options, address, *chunk, counts);
    TextBuffer out;
    for (unsigned mirror = 1; mirror <= copies.count(); ++mirror) {
        const Copy copy = copies.read(mirror);
        if (which == WhichCopies::first_readable) {
            if (copies.is_tree_block(copy)) {
                copies.put(out, copy);
                break;
            }
            continue;
        }
        copies.put(out, copy);
        problems.insert(problems.end(), copy.problems.begin(), copy.problems.end());
        if (!copy.read) {
            problems.push_back(
                {ProblemCode::block_unreadable, {.logical = address, .mirror = mirror}, copy.read.error().message});
        }
    }
    return std::string(out.view());
}

std::string why_no_block(const Filesystem& filesystem, Logical address) {
    const Chunk* chunk = filesystem.volume().chunks().find(address);
    if (chunk == nullptr || (chunk->type & (btrfs::block_group_metadata | btrfs::block_group_system)) != 0) {
        return {};
    }
    return fmt::format("{} lies in a data chunk ({}, {} to {}): what stands there is data of files, no tree block; its "
                       "extent is in --tree extent --from {}",
                       address.bytenr, type_text(*chunk), chunk->start.bytenr, chunk->start.bytenr + chunk->length,
                       round_down(address.bytenr, u64{filesystem.geometry().sectorsize}));
}

} // namespace btrkit::dump_tree
