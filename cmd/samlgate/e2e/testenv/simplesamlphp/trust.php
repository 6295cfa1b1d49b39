<?php

// Reads a service provider's metadata from standard input and prints, as JSON,
// what SimpleSAMLphp's converter would have an administrator keep.
require '/usr/share/simplesamlphp/lib/_autoload.php';

$found = [];
foreach (SimpleSAML\Metadata\SAMLParser::parseDescriptorsString(stream_get_contents(STDIN)) as $id => $entity) {
    $found[$id] = $entity->getMetadata20SP();
}
echo json_encode($found, JSON_THROW_ON_ERROR);
