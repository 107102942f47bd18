// SPDX-License-Identifier: MIT
#include "libfs/ops/check/extents/reference_judge.h"

#include "libfs/base/names.h"

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

bool is_data(Reference::Kind kind) {
    return kind == Reference::Kind::data || kind == Reference::Kind::shared_data;
}

std::string reference_text(const Reference& reference) {
    switch (reference.kind) {
    case Reference::Kind::tree_block: return fmt::format("tree {}", objectid_text(reference.owner));
    case Reference::Kind::shared_block:
    case Reference::Kind::shared_data: return fmt::format("block {}", reference.owner);
    case Reference::Kind::data:
        return fmt::format("tree {}, inode {}, file offset {}", objectid_text(reference.owner), reference.inode,
                           static_cast<std::int64_t>(reference.offset));
    case Reference::Kind::item: return "nothing";
    case Reference::Kind::block: break;
    }
    return fmt::format("generation {}, level {}", reference.inode, reference.offset);
}

/// Everything about one extent.
class ExtentJudge {
public:
    ExtentJudge(Context& context, std::span<const HeldReference> held, std::span<const RecordedReference> recorded)
        : context_(context), held_(held), recorded_(recorded) {}

    void judge() {
        if (context_.unknown_extents.intersects(extent_range())) {
            return; // its item or some of its references may be lost
        }
        if (recorded_.empty()) {
            report(ProblemCode::extent_missing, held_.front(),
                   fmt::format("needed by {}{}", reference_text(real_holder().reference), and_more(held_.size())));
        } else if (held_.empty()) {
            if (!context_.lost_blocks) {
                report_unheld(ProblemCode::extent_unreferenced, recorded_.front().reference,
                              fmt::format("recorded for {}", reference_text(recorded_.front().reference)));
            }
        } else if (!has_two_items()) {
            compare();
        } // that they overlap has been told
    }

private:
    Range extent_range() const {
        const auto& reference = held_.empty() ? recorded_.front().reference : held_.front().reference;
        return {reference.bytenr, reference.bytenr + std::max<u64>(reference.length_bytes, 1)};
    }
    bool has_two_items() const {
        return std::ranges::count(recorded_, Reference::Kind::item,
                                  [](const auto& one) { return one.reference.kind; }) > 1;
    }
    static std::string and_more(std::size_t count) {
        return count > 1 ? fmt::format(" and {} more", count - 1) : std::string();
    }
    /// One that is a reference and not what the block says of itself.
    const HeldReference& real_holder() const {
        const auto found = std::ranges::find_if(
            held_, [](const HeldReference& held) { return held.reference.kind != Reference::Kind::block; });
        return found == held_.end() ? held_.front() : *found;
    }

    void report(ProblemCode code, const HeldReference& holder, std::string detail) {
        const auto& reference = holder.reference;
        Place place{.logical = Logical{reference.bytenr}, .tree = holder.tree};
        if (is_data(reference.kind)) {
            place = {.logical = holder.block, .tree = holder.tree, .key = holder.key, .inode = holder.key.objectid};
            detail = fmt::format("extent {}, {} bytes: {}", reference.bytenr, reference.length_bytes, detail);
        }
        context_.findings.add({.code = code, .place = std::move(place), .detail = std::move(detail)});
    }
    void report_unheld(ProblemCode code, const Reference& reference, std::string detail) {
        Place place{.logical = Logical{reference.bytenr}};
        if (is_data(reference.kind)) {
            place.length = reference.length_bytes;
        }
        context_.findings.add({.code = code, .place = std::move(place), .detail = std::move(detail)});
    }

    /// Walks both sorted lists side by side.
    void compare() {
        auto held = held_.begin();
        auto recorded = recorded_.begin();
        while (held != held_.end() || recorded != recorded_.end()) {
            const bool takes_held =
                recorded == recorded_.end() || (held != held_.end() && held->reference <= recorded->reference);
            const Reference reference = takes_held ? held->reference : recorded->reference;
            const auto first_held = held;
            u64 held_count = 0;
            for (; held != held_.end() && held->reference == reference; ++held) {
                ++held_count;
            }
            u64 recorded_count = 0;
            for (; recorded != recorded_.end() && recorded->reference == reference; ++recorded) {
                recorded_count += recorded->count;
            }
            if (held_count == recorded_count) {
                continue;
            }
            if (held_count == 0) {
                judge_unheld(reference);
            } else if (recorded_count == 0) {
                judge_unrecorded(*first_held);
            } else if (!lengths_differ_) {
                report(ProblemCode::extent_ref_count, *first_held,
                       fmt::format("{} recorded, {} found, from {}", recorded_count, held_count,
                                   reference_text(reference)));
            }
        }
    }

    void judge_unheld(const Reference& reference) {
        if (context_.lost_blocks) {
            return; // what holds it may be lost
        }
        if (reference.kind == Reference::Kind::block || lengths_differ_) {
            return; // the other side says how it differs
        }
        report_unheld(ProblemCode::extent_ref_unfounded, reference, reference_text(reference));
    }

    void judge_unrecorded(const HeldReference& held) {
        const auto& reference = held.reference;
        if (reference.kind == Reference::Kind::block) {
            const auto block = std::ranges::find(recorded_, Reference::Kind::block,
                                                 [](const auto& one) { return one.reference.kind; });
            report(ProblemCode::extent_differs, held,
                   fmt::format("the extent item has {}, the block has {}",
                               block == recorded_.end() ? "data" : reference_text(block->reference),
                               reference_text(reference)));
        } else if (reference.length_bytes != recorded_.front().reference.length_bytes) {
            report(ProblemCode::extent_differs, held,
                   fmt::format("the extent item has {} bytes", recorded_.front().reference.length_bytes));
        } else {
            report(ProblemCode::extent_ref_missing, held, reference_text(reference));
        }
    }

    Context& context_;
    std::span<const HeldReference> held_;
    std::span<const RecordedReference> recorded_;
    /// Whether some holder believes in another length than the extent item.
    bool lengths_differ_ = !recorded_.empty() && std::ranges::any_of(held_, [this](const HeldReference& held) {
        return held.reference.length_bytes != recorded_.front().reference.length_bytes;
    });
};

/// Moves begin past what the list has of that extent, and returns it.
template <class List>
auto extract_extent(const List& list, std::size_t& begin, u64 bytenr) {
    std::size_t end = begin;
    while (end < list.size() && list[end].reference.bytenr == bytenr) {
        ++end;
    }
    const auto extracted = std::span(list).subspan(begin, end - begin);
    begin = end;
    return extracted;
}

/// By extent, and within it by what the reference is.
template <class List>
void sort_by_extent(List& list) {
    std::ranges::sort(list, [](const auto& a, const auto& b) {
        return std::tuple(a.reference.bytenr, a.reference) < std::tuple(b.reference.bytenr, b.reference);
    });
}

} // namespace

void judge_references(Context& context, std::vector<HeldReference>& held, std::vector<RecordedReference>& recorded) {
    std::ranges::sort(held, {}, [](const HeldReference& one) {
        return std::tuple(one.reference.bytenr, one.reference, one.block.bytenr, one.tree, one.key);
    });
    sort_by_extent(recorded);
    std::size_t next_held = 0;
    std::size_t next_recorded = 0;
    while (next_held < held.size() || next_recorded < recorded.size()) {
        const u64 bytenr =
            std::min(next_held < held.size() ? held[next_held].reference.bytenr : ~u64{0},
                     next_recorded < recorded.size() ? recorded[next_recorded].reference.bytenr : ~u64{0});
        const auto of_held = extract_extent(held, next_held, bytenr);
        const auto of_recorded = extract_extent(recorded, next_recorded, bytenr);
        ExtentJudge(context, of_held, of_recorded).judge();
    }
}

} // namespace btrkit::check
