// SPDX-License-Identifier: MIT
// btrkit-extract as users meet it; what comes out of samples and past damage is in tests/extract.
#include "apps/extract/extract.h"

#include "apps/edit/edit.h"
#include "apps/send/send.h"
#include "apps/subvolume/subvolume.h"
#include "tests/apps/made_image.h"

#include <fstream>

#include <doctest/doctest.h>

namespace extract_app_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

void do_well(apps::App app, const std::vector<std::string>& arguments) {
    const auto run = run_tool(app, arguments);
    REQUIRE_MESSAGE(run.status == 0, run.err);
}

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

ToolRun extract(const std::vector<std::string>& arguments) {
    return run_tool(apps::run_extract, arguments);
}

/// Two snapshots of a subvolume that changes between them, as streams.
class Streams {
public:
    Streams() {
        do_well(apps::run_subvolume, {"snapshot", "-r", image.path(), "sub", "one"});
        std::ofstream(image.beside("new")) << "made later";
        do_well(apps::run_edit, {"put", image.path(), image.beside("new"), "/sub/later"});
        do_well(apps::run_subvolume, {"snapshot", "-r", image.path(), "sub", "two"});
        do_well(apps::run_send, {image.path(), "one", "-f", full()});
        do_well(apps::run_send, {image.path(), "two", "-p", "one", "-f", more()});
    }

    std::string full() const { return image.beside("full"); }
    std::string more() const { return image.beside("more"); }
    std::string target() const { return image.beside("target"); }

    MadeImage image;
};

} // namespace

TEST_CASE("btrkit-extract --stream: what a chain of streams leads to, without the image") {
    const Streams streams;
    const auto run = extract({"--to", streams.target(), "--stream", streams.more(), streams.full()});
    CHECK(run.status == 0);
    CHECK(run.err.empty());
    CHECK(contains(run.out, "2 files, "));
    CHECK(text_of(streams.target() + "/two/inside") == "inside");
    CHECK(text_of(streams.target() + "/two/later") == "made later");
    CHECK_FALSE(std::filesystem::exists(streams.target() + "/one"));

    // Again: it is there already. All of it, or a part.
    CHECK(contains(extract({"--to", streams.target(), "--stream", streams.full(), "--stream", streams.more()}).out,
                   " of them were there already"));
    CHECK(extract({"--to", streams.target(), "--snapshots", "--stream", streams.more(), streams.full()}).status == 0);
    CHECK(std::filesystem::exists(streams.target() + "/one/inside"));
    CHECK_FALSE(std::filesystem::exists(streams.target() + "/one/later"));
    const auto part = streams.image.beside("part");
    CHECK(extract({"two/later", "--to", part, "--stream", streams.more(), streams.full()}).status == 0);
    CHECK(std::filesystem::exists(part + "/two/later"));
    CHECK_FALSE(std::filesystem::exists(part + "/two/inside"));

    const auto json = extract({"--to", part, "--stream", streams.more(), streams.full(), "--format", "json"});
    CHECK(contains(json.out, "\"filesystem\": null"));
    CHECK(contains(json.out, streams.more()));
}

TEST_CASE("btrkit-extract --stream: what can't be is refused, and nothing is left behind") {
    const Streams streams;
    const auto count_left = [] {
        std::size_t count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path())) {
            count += entry.path().filename().string().starts_with("btrkit-extract.") ? 1 : 0;
        }
        return count;
    };
    const auto left_before = count_left();
    const auto refused = [&](const std::vector<std::string>& arguments, int status, const std::string& why) {
        auto all = arguments;
        all.insert(all.begin(), {"--to", streams.target()});
        check_refused(extract(all), status, {why}, "btrkit-extract");
        CHECK_FALSE(std::filesystem::exists(streams.target()));
    };
    refused({}, 2, "IMAGE is required, or --stream");
    refused({"--stream", "-"}, 2, "streams are read twice");
    refused({"--stream", streams.image.beside("none")}, 1, "cannot open");
    refused({"--stream", streams.more()}, 1, "is not in this filesystem");
    refused({"--stream", streams.image.path()}, 1, streams.image.path());
    std::filesystem::resize_file(streams.full(), std::filesystem::file_size(streams.full()) - 30);
    refused({"--stream", streams.full()}, 1, streams.full());
    CHECK(count_left() == left_before);
}

} // namespace extract_app_test
