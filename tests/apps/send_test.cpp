// SPDX-License-Identifier: MIT
// The manners of btrkit-send, on images that btrkit-mkfs makes: /docs is a read-only subvolume, /sub one that is not.
#include "tests/apps/json_members.h"
#include "tests/apps/send_run.h"

#include <csignal>

namespace send_test {

using namespace btrkit;
using namespace btrkit::test;

namespace {

const std::vector<std::string> read_only_docs = {"--subvol", "ro:docs"};
const std::vector<std::string> two_read_only = {"--subvol", "ro:docs", "--subvol", "ro:docs/deep"};

/// One line on standard error, but for warnings, and for that which tells what is being sent.
void check_failed(const ToolRun& run, int status, const std::vector<std::string>& parts) {
    CAPTURE(run.err);
    CHECK(run.status == status);
    CHECK(count_of(run.err, "btrkit-send: ") - count_of(run.err, "btrkit-send: warning: ") == 1);
    for (const auto& part : parts) {
        CHECK_MESSAGE(contains(run.err, part), part);
    }
}

std::string sent_well(const std::vector<std::string>& arguments) {
    const auto run = send(arguments);
    CHECK_MESSAGE(run.status == 0, run.err);
    return run.out;
}

/// Lines of JSON.
std::vector<Json> lines_of(const std::string& text) {
    std::vector<Json> lines;
    std::size_t at = 0;
    for (auto end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at)) {
        lines.push_back(Json::parse(text.substr(at, end - at)));
    }
    CHECK(at == text.size());
    return lines;
}

/// The same subvolume later, with one file more.
class LaterImage {
public:
    explicit LaterImage(const MadeImage& earlier) {
        const std::filesystem::path root = folder_ / "root";
        std::filesystem::copy(earlier.source(), root, std::filesystem::copy_options::recursive);
        write_file(root / "docs/zebra", "new\n");
        mkfs_well({"-r", root, "--subvol", "ro:docs", "-u", "sub", "--seed", "made", path()});
    }
    std::string path() const { return folder_ / "image"; }

private:
    TemporaryFolder folder_;
};

} // namespace

TEST_CASE("send: a snapshot to standard output, and whose turn it is on standard error") {
    const MadeImage image(read_only_docs);
    const auto run = send({image.path(), "docs"});
    CHECK(run.status == 0);
    CHECK(run.err == "At subvol docs\n");
    const auto stream = decode_stream(run.out);
    CHECK(stream.is_whole);
    CHECK(stream.version == 1);
    CHECK(stream.commands.front() == "subvol docs");
    CHECK(stream.count("write deep/data") == 7);
    const auto quiet = send({"-q", image.path(), "/docs"});
    CHECK(quiet.err == "");
    CHECK(quiet.out == run.out);
    const auto by_id = send({image.path(), "--threads", "1", "-v", "256"});
    CHECK(by_id.out == run.out);
    CHECK(contains(by_id.err, "btrkit-send: device 1: " + image.path() + ", "));
    CHECK(by_id.err.ends_with("At subvol 256\nbtrkit-send: subvolume 256 (docs): " + std::to_string(run.out.size()) +
                              " bytes sent\n"));
}

TEST_CASE("send: wrong usage, status 2, nothing on standard output") {
    const MadeImage image(read_only_docs);
    const auto& path = image.path();
    const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
        {{}, "IMAGE"},
        {{path}, "SUBVOLUME"},
        {{path, "docs", "--proto", "4"}, "--proto: there is no version 4, only 1 to 3"},
        {{path, "docs", "--proto", "x"}, "'x' is no number"},
        {{path, "docs", "--proto", "1", "--compressed-data"}, "--compressed-data: version 1 of the stream has none"},
        {{path, "docs", "--parent-image", path}, "--parent-image needs -p"},
        {{path, "docs", "-f", ""}, "-f: a path is needed"},
        {{path, "docs", "--format", "json"}, "standard output has the stream"},
        {{path, "docs", "-f", "-", "--format", "json"}, "standard output has the stream"},
        {{path, "docs", "--format", "lines"}, "'lines' is not one of text or json"},
        {{path, "docs", "--threads", "0"}, "--threads"},
        {{path, "docs", "--what"}, "--what"},
    };
    for (const auto& [arguments, part] : cases) {
        const auto run = send(arguments);
        check_failed(run, 2, {part, "(see btrkit-send --help)"});
        CHECK(run.out == "");
    }
}

TEST_CASE("send: --help fits a screen") {
    const auto help = send({"--help"});
    CHECK(help.status == 0);
    CHECK(count_of(help.out, "\n") <= 30);
    std::size_t at = 0;
    for (auto end = help.out.find('\n'); end != std::string::npos; at = end + 1, end = help.out.find('\n', at)) {
        CHECK(end - at <= 80);
    }
}

TEST_CASE("send: never to a terminal") {
    const MadeImage image(read_only_docs);
    StringSink out;
    StringSink err;
    apps::Io io{.out = out, .err = err, .out_is_terminal = true};
    const std::vector<std::string> plain = {image.path(), "docs"};
    CHECK(apps::run_send(plain, io) == 2);
    CHECK(out.text() == "");
    CHECK(contains(err.text(), "standard output is a terminal"));
    CHECK(contains(err.text(), "-f FILE or a pipe"));
    const std::vector<std::string> dry = {image.path(), "docs", "--dry-run"};
    CHECK(apps::run_send(dry, io) == 0);
    const std::vector<std::string> to_file = {image.path(), "docs", "-f", image.beside("stream")};
    CHECK(apps::run_send(to_file, io) == 0);
}

TEST_CASE("send: what can't be opened or found") {
    const MadeImage image(read_only_docs);
    check_failed(send({"/nothing/here", "docs"}), 1, {"/nothing/here"});
    check_failed(send({image.path(), "none"}), 1, {image.path(), "none"});
    check_failed(send({image.path(), "999"}), 1, {image.path(), "999"});
    check_failed(send({image.path(), "docs", "none"}), 1, {"none"});
    check_failed(send({image.path(), "docs", "-c", "none"}), 1, {"none"});
    check_failed(send({image.path(), "docs", "-p", "docs", "--parent-image", "/nothing/here"}), 1, {"/nothing/here"});
    check_failed(send({image.path(), "docs/deep"}), 1, {image.path(), "docs/deep"});
    CHECK(send({image.path(), "docs", "none"}).out == "");
}

TEST_CASE("send: what is not read-only only where the image is said to be at rest") {
    const MadeImage image(read_only_docs);
    const auto run = send({image.path(), "sub"});
    check_failed(run, 1, {image.path(), "sub", "not read-only", "--allow-writable"});
    CHECK(run.out == "");
    const auto allowed = send({"--allow-writable", image.path(), "sub"});
    CHECK(allowed.status == 0);
    CHECK(allowed.err == "At subvol sub\n");
    CHECK(decode_stream(allowed.out).count("mkfile") == 1);
}

TEST_CASE("send: -f FILE, replaced only when there is a stream to write") {
    const MadeImage image(read_only_docs);
    const auto expected = sent_well({image.path(), "docs"});
    const auto file = image.beside("stream");
    check_failed(send({image.path(), "sub", "-f", file}), 1, {"not read-only"});
    CHECK(!is_there(file));
    write_file(file, std::string(1'000'000, 'x'));
    check_failed(send({image.path(), "sub", "-f", file}), 1, {"not read-only"});
    CHECK(bytes_of(file) == std::string(1'000'000, 'x'));
    CHECK(sent_well({image.path(), "docs", "-f", file}) == "");
    CHECK(bytes_of(file) == expected);
    CHECK(sent_well({image.path(), "docs", "-f", "-"}) == expected);
    const auto made = image.beside("made");
    CHECK(sent_well({image.path(), "docs", "-f", "ignored", "-f", made}) == "");
    CHECK(bytes_of(made) == expected);
    CHECK(std::filesystem::status(made).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("send: -f is no image that is read, and what fails there is told") {
    const MadeImage image(read_only_docs);
    const auto before = image.bytes();
    check_failed(send({image.path(), "docs", "-f", image.path()}), 2, {image.path(), "is the image that is read"});
    check_failed(send({image.path(), "docs", "-f", "/dev/btrkit-no-such-tape"}), 2, {"there is no such device"});
    CHECK_FALSE(std::filesystem::exists("/dev/btrkit-no-such-tape"));
    check_failed(send({"-", "docs", "-f", image.beside("stream")}), 1, {"-: no stream can be used here"});
    std::filesystem::create_hard_link(image.path(), image.beside("link"));
    check_failed(send({image.path(), "docs", "-f", image.beside("link")}), 2, {"is the image that is read"});
    CHECK(image.bytes() == before);
    check_failed(send({image.path(), "docs", "-f", "/nothing/here"}), 1, {"/nothing/here: cannot be opened"});
    check_failed(send({image.path(), "docs", "-f", "/dev/full"}), 1,
                 {"/dev/full: No space left on device; the stream in /dev/full is not whole"});
}

TEST_CASE("send: --format json, the report of what went into the file") {
    const MadeImage image(read_only_docs);
    const auto file = image.beside("stream");
    const auto document = Json::parse(sent_well({image.path(), "docs", "-f", file, "--format", "json"}));
    const auto bytes = std::filesystem::file_size(file);
    CHECK(document["__header"]["document"] == "send");
    CHECK(document["images"][0]["path"] == image.path());
    CHECK(document["filesystem"]["label"] == "tested");
    CHECK(document["file"] == file);
    CHECK(document["stream_version"] == 1);
    CHECK(document["stream_bytes"] == bytes);
    CHECK(document["sent"].size() == 1);
    CHECK(document["sent"][0]["tree"] == 256);
    CHECK(document["sent"][0]["name"] == "docs");
    CHECK(document["sent"][0]["parent_tree"].is_null());
    CHECK(document["sent"][0]["stream_bytes"] == bytes);
    CHECK(document["skipped"].empty());
}

TEST_CASE("send: --dry-run, what would be sent and its exact size") {
    const MadeImage image(read_only_docs);
    const auto bytes = std::to_string(sent_well({image.path(), "docs"}).size());
    const auto file = image.beside("stream");
    const auto run = send({image.path(), "docs", "--dry-run", "-f", file});
    CHECK(run.status == 0);
    CHECK(run.err == "");
    CHECK(!is_there(file));
    CHECK(run.out.starts_with("docs (256), whole:\n"));
    CHECK(contains(run.out, "\ncreated deep/data (292.97KiB)\n"));
    CHECK(contains(run.out, "\ncreated small (5.00B)\n"));
    CHECK(contains(run.out, "\nStream of docs (256): " + bytes + " bytes ("));
    CHECK(send({"-q", image.path(), "docs", "--dry-run"}).out.starts_with("Stream of docs (256): " + bytes + " bytes"));
    check_failed(send({image.path(), "sub", "--dry-run"}), 1, {"not read-only"});
}

TEST_CASE("send: --dry-run --format json, a line of JSON each path") {
    const MadeImage image(read_only_docs);
    const auto bytes = sent_well({image.path(), "docs"}).size();
    const auto lines = lines_of(sent_well({image.path(), "docs", "--dry-run", "--format", "json"}));
    REQUIRE(lines.size() > 3);
    CHECK(lines.front()["__header"]["document"] == "send-changes");
    const auto data = std::ranges::find_if(
        lines, [](const Json& line) { return line.contains("path") && line["path"] == "deep/data"; });
    REQUIRE(data != lines.end());
    CHECK((*data)["tree"] == 256);
    CHECK((*data)["change"] == "created");
    CHECK((*data)["from"].is_null());
    CHECK((*data)["data_bytes"] == 300'000);
    CHECK(lines[lines.size() - 2]["sent"]["stream_bytes"] == bytes);
    CHECK(lines.back() == Json({{"end", {{"stream_bytes", bytes}, {"skipped_count", 0}}}}));
    CHECK(sent_well({image.path(), "docs", "--dry-run", "--format", "json", "-q"}).size() > 300);
}

TEST_CASE("send: -e makes one stream of several subvolumes") {
    const MadeImage image(two_read_only);
    const auto deep = decode_streams(sent_well({image.path(), "docs/deep"}));
    REQUIRE(deep.size() == 1);
    const std::vector<std::string> both = {image.path(), "docs", "docs/deep", "-c", "docs", "-c", "docs/deep"};
    for (const bool omits : {false, true}) {
        auto arguments = both;
        arguments.insert(arguments.end(), {"-p", "docs", omits ? "-e" : "-v"});
        const auto run = send(arguments);
        CAPTURE(run.err);
        REQUIRE(run.status == 0);
        const auto streams = decode_streams(run.out);
        CHECK(streams.size() == (omits ? 1 : 2));
        CHECK(streams.back().is_whole);
        CHECK(contains(run.err, "At subvol docs\n"));
        CHECK(contains(run.err, "At subvol docs/deep\n"));
    }
}

TEST_CASE("send: -p in another image, which has the same subvolume as it was") {
    const MadeImage earlier(read_only_docs);
    const LaterImage later(earlier);
    const auto run = send({later.path(), "docs", "-p", "docs", "--parent-image", earlier.path()});
    CHECK(run.status == 0);
    const auto stream = decode_stream(run.out);
    CHECK(stream.commands.front() == "snapshot docs");
    CHECK(stream.count("mkfile") == 1);
    CHECK(stream.count("write zebra") == 1);
    const auto dry = sent_well({later.path(), "docs", "-p", "256", "--parent-image", earlier.path(), "--dry-run"});
    CHECK(dry.starts_with("docs (256), against subvolume 256:\n"));
    CHECK(contains(dry, "\ncreated zebra (4.00B)\n"));
    CHECK(contains(dry, ": " + std::to_string(run.out.size()) + " bytes ("));
    const auto back = sent_well({earlier.path(), "docs", "-p", "docs", "--parent-image", later.path(), "--dry-run"});
    CHECK(contains(back, "\ndeleted zebra\n"));
    check_failed(send({later.path(), "docs", "-p", "sub", "--parent-image", earlier.path()}), 1,
                 {later.path() + " against " + earlier.path(), "sub", "not read-only"});
}

TEST_CASE("send: a parent that is no relation is refused") {
    const MadeImage image(read_only_docs);
    const MadeImage other({"--subvol", "ro:docs"}, 1, "other");
    const auto run = send({image.path(), "docs", "-p", "docs", "--parent-image", other.path()});
    check_failed(run, 1, {"no relation"});
    CHECK(run.out == "");
}

TEST_CASE("send: a reader that is gone or a disk that is full, in one line") {
    const MadeImage image(read_only_docs);
    for (const auto& arguments : {std::vector<std::string>{image.path(), "docs"},
                                  {image.path(), "docs", "--dry-run"},
                                  {image.path(), "docs", "-f", image.beside("stream"), "--format", "json"}}) {
        FullSink out;
        StringSink err;
        apps::Io io{.out = out, .err = err};
        CHECK(apps::run_send(arguments, io) == 1);
        check_failed({1, "", err.text()}, 1, {"btrkit-send: full sink: no space"});
        CHECK(contains(err.text(), "; the stream is not whole\n") == (arguments.size() == 2));
    }
}

TEST_CASE("send: data of which no copy is good") {
    const MadeImage image(read_only_docs);
    image.spoil_data(5000);
    const auto run = send({image.path(), "docs"});
    check_failed(run, 1, {image.path(), "deep/data", "; the stream is not whole"});
    const auto streams = decode_streams(run.out);
    CHECK((streams.empty() || !streams.front().is_whole));

    const auto skipping = send({"--skip-errors", image.path(), "docs"});
    CHECK(skipping.status == 1);
    CHECK(contains(skipping.err, "\nbtrkit-send: skipped: deep/data: bytes 4096 to 8192: "));
    const auto stream = decode_stream(skipping.out);
    CHECK(stream.is_whole);
    CHECK(stream.count("write small") == 1);
    CHECK(contains(send({"-q", "--skip-errors", image.path(), "docs"}).err, "skipped: deep/data"));

    const auto json = send({"--skip-errors", image.path(), "docs", "-f", image.beside("stream"), "--format", "json"});
    CHECK(json.status == 1);
    const auto document = Json::parse(json.out);
    CHECK(document["skipped_count"] == 1);
    CHECK(document["skipped"][0]["path"] == "deep/data");
    CHECK(document["skipped"][0]["file_offset"] == 4096);
    CHECK(document["skipped"][0]["length"] == 4096);
}

TEST_CASE("send: a copy that is bad beside a good one is a warning") {
    const MadeImage sound({"--subvol", "ro:docs", "-d", "dup"});
    const auto expected = sent_well({sound.path(), "docs"});
    sound.spoil_data(5000, 0);
    const auto run = send({sound.path(), "docs"});
    CHECK(run.status == 0);
    CHECK(run.out == expected);
    CHECK(contains(run.err, "\nbtrkit-send: warning: "));
    CHECK(send({"-q", sound.path(), "docs"}).err == "");
}

TEST_CASE("send: a device that is missing, and --member") {
    const MadeImage image({"--subvol", "ro:docs", "-d", "raid1", "-m", "raid1"}, 2);
    const auto expected = sent_well({image.path(0), "docs", "--member", image.path(1)});
    CHECK(sent_well({"--member", image.path(1), image.path(0), "docs"}) == expected);
    const auto degraded = send({image.path(1), "docs"});
    CHECK(degraded.status == 0);
    CHECK(degraded.out == expected);
    CHECK(contains(degraded.err, "btrkit-send: note: [device-missing] "));
}

TEST_CASE("send: versions of the stream, compressed data, no data") {
    const MadeImage image(read_only_docs);
    const auto version = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {image.path(), "docs"});
        return decode_stream(sent_well(arguments)).version;
    };
    CHECK(version({}) == 1);
    CHECK(version({"--proto", "2"}) == 2);
    CHECK(version({"--proto", "3"}) == 3);
    CHECK(version({"--proto", "0"}) == 2);
    CHECK(version({"--compressed-data"}) == 2);
    CHECK(version({"--compressed-data", "--proto", "0"}) == 2);
    const auto none = decode_stream(sent_well({image.path(), "docs", "--no-data"}));
    CHECK(none.count("write") == 0);
    CHECK(none.count("update_extent deep/data") > 0);

    TemporaryFolder folder;
    std::filesystem::create_directories(folder / "root/docs");
    write_file(folder / "root/docs/text", std::string(500'000, 'a'));
    mkfs_well({"-r", folder / "root", "--subvol", "ro:docs", "--compress", "zstd", folder / "packed"});
    const auto packed = sent_well({folder / "packed", "docs", "--compressed-data"});
    CHECK(packed.size() < 20'000);
    CHECK(decode_stream(packed).count("encoded_write text") == 4);
}

TEST_CASE("send: --progress tells how much of how much") {
    const MadeImage image(read_only_docs);
    const auto run = send({"--progress", "-q", image.path(), "docs"});
    CHECK(run.status == 0);
    CHECK(run.err.starts_with("btrkit-send: sending: 100 %, "));
}

TEST_CASE("send: a signal stops it, and the stream has no end") {
    class SignallingSink final : public OutputSink {
    public:
        Result<void> write(std::string_view text) override {
            if (text.starts_with("At subvol")) {
                static_cast<void>(std::raise(SIGINT));
            }
            return kept.write(text);
        }
        StringSink kept;
    };
    const MadeImage image(read_only_docs);
    StringSink out;
    SignallingSink err;
    apps::Io io{.out = out, .err = err};
    const std::vector<std::string> arguments = {image.path(), "docs"};
    CHECK(apps::run_send(arguments, io) == 1);
    CHECK(contains(err.kept.text(), "stopped"));
    const auto streams = decode_streams(out.text());
    CHECK((streams.empty() || !streams.front().is_whole));
}

TEST_CASE("docs/json-schema-send.md names every member of the document and of the lines") {
    const MadeImage image(read_only_docs);
    image.spoil_data(5000);
    std::set<std::string> names;
    const std::vector<std::string> to_file = {"-f", image.beside("stream")};
    for (const auto& options : {to_file, {"--dry-run"}}) {
        auto arguments = options;
        arguments.insert(arguments.end(), {"--skip-errors", "--format", "json", image.path(), "docs"});
        const auto run = send(arguments);
        options.size() == 2 ? collect_members(Json::parse(run.out), names) : [&] {
            for (const auto& line : lines_of(run.out)) {
                collect_members(line, names);
            }
        }();
    }
    CHECK(names.contains("why"));
    CHECK(names.contains("data_bytes"));
    std::ifstream file(BTRKIT_SOURCE_DIR "/docs/json-schema-send.md");
    const std::string schema{std::istreambuf_iterator<char>(file), {}};
    for (const auto& name : names) {
        CAPTURE(name);
        CHECK(contains(schema, "`" + name + "`"));
    }
}

} // namespace send_test
