// SPDX-License-Identifier: MIT
// compare_trees PLACE PLACE [--ignore=FIELD,...] [--without=PATH,...]: whether two places hold exactly the same. A
// place is a directory of the host or IMAGE[,IMAGE...][:/PATH], from that path on. --without leaves out a path and all
// below it. Exit status: 0 it does, 1 it does not (the differences go to stdout), 2 one of them can't be read.
#include "libfs/io/file_device.h"
#include "tests/support/tree_listing.h"

#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace btrkit;

namespace {

constexpr std::size_t most_lines = 100;

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        parts.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

Result<test::TreeListing> list_images(const std::string& place) {
    const auto colon = std::min(place.find(":/"), place.size());
    const std::string path = colon == place.size() ? "/" : place.substr(colon + 1);
    std::vector<std::unique_ptr<BlockDevice>> devices;
    for (const auto& image : split(std::string_view(place).substr(0, colon))) {
        BTRKIT_TRY_ASSIGN(auto device, FileDevice::open(image));
        devices.push_back(std::move(device));
    }
    BTRKIT_TRY_ASSIGN(const auto filesystem, Filesystem::open(std::move(devices), {}, [](const Problem& problem) {
                          fmt::print(stderr, "compare_trees: {}\n", describe(problem));
                      }));
    const auto top = find_path(filesystem, path);
    return top ? test::list_image(filesystem, *top) : std::unexpected(top.error());
}

Result<test::TreeListing> list_place(const std::string& place, const std::vector<std::string>& left_out) {
    std::error_code error;
    auto listing = std::filesystem::is_directory(place, error) ? test::list_directory(place) : list_images(place);
    if (listing) {
        std::erase_if(*listing, [&left_out](const test::TreeRecord& record) {
            return std::ranges::any_of(left_out, [&record](const std::string& path) {
                return record.path == path || record.path.starts_with(path + "/");
            });
        });
    }
    return listing;
}

int say_differences(const std::vector<std::string>& lines) {
    for (std::size_t i = 0; i < std::min(lines.size(), most_lines); ++i) {
        fmt::print("{}\n", lines[i]);
    }
    if (lines.size() > most_lines) {
        fmt::print("and {} more\n", lines.size() - most_lines);
    }
    return lines.empty() ? 0 : 1;
}

int wrong_usage(std::string_view what) {
    fmt::print(stderr,
               "compare_trees: {}\ncompare_trees PLACE PLACE [--ignore=FIELD,...] [--without=PATH,...]\nfields: {}\n",
               what, fmt::join(test::comparable_fields(), " "));
    return 2;
}

} // namespace

int main(int argc, char** argv) {
    constexpr std::string_view ignore = "--ignore=";
    constexpr std::string_view without = "--without=";
    std::vector<std::string> places;
    std::vector<std::string> left_out;
    std::set<std::string> ignored;
    for (const std::string_view argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        if (argument.starts_with(ignore)) {
            for (const auto& field : split(argument.substr(ignore.size()))) {
                if (std::ranges::count(test::comparable_fields(), field) == 0) {
                    return wrong_usage("no field " + field);
                }
                ignored.insert(field);
            }
        } else if (argument.starts_with(without)) {
            std::ranges::move(split(argument.substr(without.size())), std::back_inserter(left_out));
        } else {
            places.emplace_back(argument);
        }
    }
    if (places.size() != 2) {
        return wrong_usage("two places are needed");
    }
    const auto left = list_place(places[0], left_out);
    const auto right = list_place(places[1], left_out);
    for (const auto* listing : {&left, &right}) {
        if (!*listing) {
            fmt::print(stderr, "compare_trees: {}\n", listing->error().message);
            return 2;
        }
    }
    return say_differences(test::differences(*left, *right, ignored));
}
