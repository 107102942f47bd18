// SPDX-License-Identifier: MIT
#include "apps/resize/resize_verbs.h"

#include "apps/common/sizes.h"

namespace btrkit::apps {

namespace {

using Resizings = Result<std::vector<Resizing>>;

constexpr std::string_view smallest_word = "min";
constexpr std::string_view largest_word = "max";

std::unexpected<Error> wrong(std::string what) {
    return fail(ErrorKind::usage, std::move(what));
}

/// Empty where there are several.
std::string_view only_operand(const ResizeFlags& flags) {
    return flags.operands.size() == 1 ? std::string_view(flags.operands.front()) : std::string_view();
}

Result<u64> size_of(std::string_view text) {
    const auto size = parse_size(text);
    return size ? Result<u64>(*size) : wrong(fmt::format("'{}' is no size", printable(text)));
}

void declare_trim(CLI::App& app, ResizeFlags& flags) {
    app.add_flag("--trim", flags.trim, "give free space back to the host: holes in the file");
}

void declare_size(CLI::App& app, ResizeFlags& flags) {
    app.add_option("SIZE", flags.operands)->required();
    app.add_option("--devid", flags.devid, "of several devices, that one")->option_text("N");
    declare_trim(app, flags);
}

/// SIZE, or min, or min+SLACK.
Resizings make_shrink(const ResizeFlags& flags) {
    resize::Shrink shrink{.devid = flags.devid};
    std::string_view text = only_operand(flags);
    if (!text.starts_with(smallest_word)) {
        BTRKIT_TRY_ASSIGN(shrink.size_bytes, size_of(text));
    } else if (text != smallest_word) {
        text.remove_prefix(smallest_word.size());
        if (!text.starts_with('+')) {
            return wrong(fmt::format("'{}' is no size", printable(flags.operands.front())));
        }
        BTRKIT_TRY_ASSIGN(shrink.slack_bytes, size_of(text.substr(1)));
    }
    return std::vector<Resizing>{{.change = shrink, .trim = flags.trim}};
}

/// SIZE, or max.
Resizings make_grow(const ResizeFlags& flags) {
    resize::Grow grow{.devid = flags.devid};
    const std::string_view text = only_operand(flags);
    if (text != largest_word) {
        BTRKIT_TRY_ASSIGN(grow.size_bytes, size_of(text));
    }
    return std::vector<Resizing>{{.change = grow, .trim = flags.trim}};
}

Resizings make_compact(const ResizeFlags& flags) {
    return std::vector<Resizing>{{.change = resize::Compact{}, .trim = flags.trim}};
}

constexpr std::array all_verbs = std::to_array<ResizeVerb>({
    {{"shrink"}, "SIZE|min[+SLACK]", "make it smaller, and cut the file", declare_size, make_shrink},
    {{"grow"}, "SIZE|max", "make it larger, and the file too", declare_size, make_grow},
    {{"compact"}, "", "pack everything together, all free space in one piece", declare_trim, make_compact},
});

} // namespace

std::span<const ResizeVerb> resize_verbs() {
    return all_verbs;
}

} // namespace btrkit::apps
